"""Charges of the past among holds and charges of the present: no answer about any instant falls below zero."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bursar.ledger import Applied, Charge, Release, Request, Settle, TakeHold, Void, apply_now, open_store, reading
from bursar.ledger.lateness import Dated, charge_in_the_past
from bursar.ledger.schema import statements
from bursar.ledger.values import NEVER, LotTerms
from bursar.ledger.verify import verify

END = 100
steps = st.lists(
    st.tuples(st.sampled_from(["hold", "void", "settle", "charge", "lot"]), st.integers(1, 30), st.integers(1, 12)),
    min_size=2,
    max_size=12,
)
late = st.lists(st.tuples(st.integers(1, END), st.integers(1, 30)), min_size=1, max_size=6)


@settings(max_examples=60)
@given(steps=steps, late=late, closing=st.booleans(), swept=st.booleans(), expires=st.sampled_from([70, NEVER]))
@example(steps=[("hold", 30, 5), ("void", 1, 20)], late=[(10, 30)], closing=True, swept=False, expires=NEVER)
@example(steps=[("hold", 30, 5), ("settle", 9, 20)], late=[(10, 10), (12, 10)], closing=False, swept=True, expires=70)
def test_the_past_stays_whole(
    steps: list[tuple[str, int, int]], late: list[tuple[int, int]], closing: bool, swept: bool, expires: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'ledger.db'}")
        try:
            store.transact(lambda session: [session.run(one) for one in statements("sqlite")])
            first = LotTerms("l0", "gpu-h", 40, 0, expires)
            apply_now(store, [Release("r0", "ada", first)], 0)
            now, holds = 0, []
            for number, (kind, amount, pause) in enumerate(steps):
                now += pause
                name = f"{kind}{number}"
                if kind == "lot":
                    terms = LotTerms(name, "gpu-h", amount, now, now + 5 * amount)
                    apply_now(store, [Release(f"r:{name}", "ada", terms)], now)
                elif kind == "hold":
                    answer = apply_now(store, [TakeHold(name, "ada", "gpu-h", amount, amount, now + 50)], now)[0]
                    holds += [name] if isinstance(answer, Applied) else []
                elif kind == "charge":
                    apply_now(store, [Charge(name, "ada", "gpu-h", amount)], now)
                elif holds and kind == "void":
                    apply_now(store, [Void(name, "ada", holds.pop())], now)
                elif holds:
                    apply_now(store, [Settle(name, "ada", holds.pop(), amount)], now)
            now = max(now, END)
            if swept:
                apply_now(store, [Charge("sweep", "ada", "gpu-h", 0)], now)
            dated = [
                Dated(
                    at,
                    Charge(f"late{n}", "ada", "gpu-h", amount, Request(), None, f"at {at}"),
                    Charge(f"late{n}", "ada", "gpu-h", amount, Request(), None, f"late, at {at}"),
                )
                for n, (at, amount) in enumerate(late)
            ]
            answers = store.transact(lambda session: charge_in_the_past(session, dated, now, closing=closing))
            assert all(isinstance(one.answer, Applied) and not one.answer.replayed for one in answers)
            again = store.transact(lambda session: charge_in_the_past(session, dated, now + 500, closing=closing))
            assert [(one.answer.draws, one.late) for one in again] == [(one.answer.draws, one.late) for one in answers]
            for at in range(now + 1):
                for lot in store.read(lambda session, at=at: reading.balance(session, "ada", at)):
                    parts = (lot.available, lot.held, lot.spent, lot.expired, lot.revoked, lot.rolled)
                    assert min(parts) >= 0
                    assert sum(parts) == lot.terms.amount
            found = store.read(lambda session: reading.statement(session, "ada", 30, now + 1, "gpu-h"))
            assert found.opening + sum(line.change for line in found.lines) == found.closing
            assert [line.at for line in found.lines] == sorted(line.at for line in found.lines)
            assert store.read(verify).findings == []
        finally:
            store.close()
