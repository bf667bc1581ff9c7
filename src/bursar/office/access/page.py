"""The reference of roles, written from the table: `bursar account roles --markdown`."""

from __future__ import annotations

from collections.abc import Iterable

from bursar.office.access.decision import TABLE
from bursar.office.access.vocabulary import ROLES, About, Action, Role

SIGNS: dict[str, str] = {"own": "own", "named": "named", "team": "team", "organisation": "all"}
QUESTIONS: dict[Role, str] = {
    "person": "somebody of the roster; comes with the link of an account to its person",
    "manager": "somebody to whom others report; comes with the roster",
    "compensation": "makes plans and grants, answers for pay",
    "finance": "carries exposure and closes the books",
    "payroll": "deducts and reports what is taxable",
    "platform": "runs gateways, providers and prices",
    "auditor": "reads everything and changes nothing",
    "owner": "sets the installation up and says who has which role",
}
TITLES: dict[About, str] = {
    "person": "About a person",
    "organisation": "About the organisation",
    "account": "About one's own sign-in",
}
_HEAD = """# Roles and what they may

Written from the table in `src/bursar/office/access/` by `bursar account roles --markdown`; a test compares them.

What is not here is denied. Roles add up. *own*: oneself. *named*: oneself, and whose request names one as an approver.
*team*: direct and indirect reports by the roster, without oneself. *all*: everybody of one's own organisation; nothing
reaches beyond it. Who may not know that somebody exists gets the answer for somebody who does not (404), else a refusal
(403). An API token may do what its account may and its scopes name. Who left keeps the role person and nothing else.

Looks by others at what is marked *logged* are written down, and the person sees them. *Others only*: nobody does it to
themselves. *Signed in*: never by an API token. *May be public*: open to visitors if the organisation says so.
"""


def page() -> str:
    """The whole reference in Markdown."""
    roles = "".join(f"| {role} | {QUESTIONS[role]} |\n" for role in ROLES)
    parts = (_part(about, [row for row in TABLE if row.about == about]) for about in TITLES)
    return f"{_HEAD}\n| role | who |\n|---|---|\n{roles}{''.join(parts)}"


def _part(about: About, rows: list[Action]) -> str:
    head = f"| action | {' | '.join(ROLES)} | |\n|---|{'---|' * len(ROLES)}---|\n"
    table = "".join(f"| `{row.name}` | {' | '.join(_cells(row))} | {_marks(row)} |\n" for row in rows)
    reasons = "".join(f"- `{row.name}`: {row.what} *{row.why}*\n" for row in rows)
    return f"\n## {TITLES[about]}\n\n{head}{table}\n{reasons}"


def _cells(row: Action) -> Iterable[str]:
    return (SIGNS[row.scopes[role]] if role in row.scopes else "" for role in ROLES)


def _marks(row: Action) -> str:
    marks = {
        "changes": row.kind == "change",
        "logged": row.logged,
        "others only": row.others_only,
        "signed in": not row.by_token,
        "may be public": row.public,
    }
    return ", ".join(name for name, holds in marks.items() if holds)
