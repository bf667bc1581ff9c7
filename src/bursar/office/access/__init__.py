"""Who may see and do what: one table of actions and roles, and one pure decision on it.

A face asks `action("wallet.read")` where it is loaded and `require(actor, WALLET, subject)` where it acts; what is not in
the table cannot be asked for, and what the table does not give is denied.
"""

from bursar.office.access.decision import (
    TABLE,
    Actor,
    Decision,
    Subject,
    action,
    allow,
    missing,
    reach,
    require,
    visitors_may,
)
from bursar.office.access.page import SIGNS, page
from bursar.office.access.vocabulary import ASSIGNABLE, DERIVED, ROLES, SCOPES, Action, Role, Scope

__all__ = [
    "ASSIGNABLE",
    "DERIVED",
    "ROLES",
    "SCOPES",
    "SIGNS",
    "TABLE",
    "Action",
    "Actor",
    "Decision",
    "Role",
    "Scope",
    "Subject",
    "action",
    "allow",
    "missing",
    "page",
    "reach",
    "require",
    "visitors_may",
]
