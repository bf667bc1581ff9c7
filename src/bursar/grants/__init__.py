"""Grants: plans bound to people, executed on the ledger.

`execution` turns what falls due into ledger commands, the same ones whether a store keeps the books or a rehearsal;
`rehearsal` runs a grant through months and years in memory, for explanations, plan tests and replays;
`specs` reads what a plan is expected to do to people, and rehearses it.
"""

from bursar.grants.execution import Books, Done, execute, lot_terms
from bursar.grants.rehearsal import Rehearsal, Spending

__all__ = ["Books", "Done", "Rehearsal", "Spending", "execute", "lot_terms"]
