"""A ledger in which every nano-unit is a thing of its own, written to be obviously right and for nothing else.

Each lot is a list of states, one for each nano-unit; holds and charges are lists of the units that they took, in the
order in which they took them. Everything is found by walking lists. It shares nothing with the ledger but the words.
"""

from __future__ import annotations

from dataclasses import dataclass, field

FREE, HELD, SPENT, EXPIRED, REVOKED = "available", "held", "spent", "expired", "revoked"
BEYOND = ("", 0)
"""A unit that no lot covers."""
Unit = tuple[str, int]


@dataclass
class NaiveLot:
    name: str
    opens: int
    expires: int
    priority: int
    promotional: bool
    only: str
    """The one model that it may be spent on; empty for any."""
    units: list[str]
    revoked: bool = False

    def open(self, now: int) -> bool:
        return not self.revoked and self.opens <= now < self.expires

    def count(self, state: str) -> int:
        return self.units.count(state)

    def home(self, now: int) -> str:
        if self.revoked:
            return REVOKED
        return EXPIRED if now >= self.expires else FREE


@dataclass
class NaiveHold:
    units: list[Unit]
    model: str
    expires: int
    released: bool
    cap: str
    state: str = "open"


@dataclass
class NaiveCharge:
    units: list[Unit]
    """In the order of drawing; what no lot covered comes last."""
    model: str
    key: str


@dataclass
class Outcome:
    """What a command does, as far as the model says anything about it."""

    kind: str
    """`applied`, `refused`, `rejected`."""
    amount: int = 0
    overage: int = 0
    draws: list[tuple[str, int]] = field(default_factory=list)
    available: int = 0
    reason: str = ""


@dataclass
class Naive:
    """One person."""

    lots: dict[str, NaiveLot] = field(default_factory=dict)
    holds: dict[str, NaiveHold] = field(default_factory=dict)
    charges: dict[str, NaiveCharge] = field(default_factory=dict)
    spent_by_key: dict[str, int] = field(default_factory=dict)
    funded: int = 0

    def happen(self, now: int) -> None:
        """What is due by now, in the order of its time; at the same time holds end before lots expire."""
        due: list[tuple[int, int, str]] = []
        for name, hold in self.holds.items():
            if hold.state == "open" and hold.expires <= now:
                due.append((hold.expires, 1, name))
        for name, lot in self.lots.items():
            if lot.expires <= now and (FREE in lot.units or HELD in lot.units):
                due.append((lot.expires, 2, name))
        for at, which, name in sorted(due):
            if which == 1:
                self.lapse(name, f"lapse:{name}", at)
            else:
                lot = self.lots[name]
                lot.units = [EXPIRED if state == FREE else state for state in lot.units]

    def order(self, model: str, now: int) -> list[NaiveLot]:
        usable = [lot for lot in self.lots.values() if lot.open(now) and lot.only in ("", model)]
        return sorted(
            usable,
            key=lambda lot: (lot.only == "", lot.priority, lot.expires, not lot.promotional, lot.opens, lot.name),
        )

    def free(self, model: str, now: int) -> list[Unit]:
        """Every unit that a request may take, in the order of taking."""
        found = []
        for lot in self.order(model, now):
            found += [(lot.name, place) for place, state in enumerate(lot.units) if state == FREE]
        return found

    def put(self, units: list[Unit], state: str) -> None:
        for name, place in units:
            if name:
                self.lots[name].units[place] = state

    def put_home(self, units: list[Unit], now: int) -> None:
        for name, place in units:
            if name:
                self.lots[name].units[place] = self.lots[name].home(now)

    def release(self, lot: NaiveLot, now: int) -> Outcome:
        self.lots[lot.name] = lot
        self.funded += len(lot.units)
        if lot.expires <= now:
            lot.units = [EXPIRED] * len(lot.units)
        return Outcome("applied", amount=len(lot.units))

    def take(
        self, name: str, worst: int, floor: int, share: int, model: str, now: int, *, expires: int, released: bool,
        cap: str = "", cap_limit: int = 0,
    ) -> Outcome:  # fmt: skip
        free = self.free(model, now)
        allowed = len(free)
        if cap:
            holding = sum(len(hold.units) for hold in self.holds.values() if hold.state == "open" and hold.cap == cap)
            allowed = min(allowed, max(0, cap_limit - holding - self.spent_by_key.get(cap, 0)))
        needed = min(worst, floor)
        if allowed < needed:
            return Outcome("refused", available=allowed if len(free) >= needed else len(free))
        size = min(worst, max(floor, allowed // share))
        taken = free[:size]
        self.put(taken, HELD)
        self.holds[name] = NaiveHold(taken, model, expires, released, cap)
        return Outcome("applied", amount=size, draws=grouped(taken), available=len(free) - size)

    def settle(self, name: str, hold_name: str, amount: int, now: int, key: str = "") -> Outcome:
        hold = self.holds.get(hold_name)
        if hold is None or hold.state != "open":
            return Outcome("rejected", reason="no_such_hold" if hold is None else "hold_ended")
        hold.state = "settled"
        used, back = hold.units[:amount], hold.units[amount:]
        self.put(used, SPENT)
        self.put_home(back, now)
        rest = self.spend(amount - len(used), hold.model, now) if amount > len(used) else []
        self.charges[name] = NaiveCharge(used + rest, hold.model, hold.cap or key)
        self.count(hold.cap or key, amount)
        return Outcome("applied", amount=amount, overage=rest.count(BEYOND), draws=grouped(used + rest))

    def spend(self, amount: int, model: str, now: int) -> list[Unit]:
        taken = self.free(model, now)[:amount]
        self.put(taken, SPENT)
        return taken + [BEYOND] * (amount - len(taken))

    def charge(self, name: str, amount: int, model: str, now: int, key: str = "") -> Outcome:
        units = self.spend(amount, model, now)
        self.charges[name] = NaiveCharge(units, model, key)
        self.count(key, amount)
        return Outcome("applied", amount=amount, overage=units.count(BEYOND), draws=grouped(units))

    def correct(self, of: str, amount: int, now: int) -> Outcome:
        charge = self.charges.get(of)
        if charge is None:
            return Outcome("rejected", reason="no_such_charge")
        difference = amount - len(charge.units)
        overage = 0
        if difference > 0:
            more = self.spend(difference, charge.model, now)
            charge.units += more
            overage = more.count(BEYOND)
        elif difference < 0:
            back = charge.units[difference:]
            del charge.units[difference:]
            self.put_home(back, now)
        self.count(charge.key, difference)
        return Outcome("applied", amount=difference, overage=overage)

    def void(self, hold_name: str, now: int) -> Outcome:
        hold = self.holds.get(hold_name)
        if hold is None or hold.state != "open":
            return Outcome("rejected", reason="no_such_hold" if hold is None else "hold_ended")
        hold.state = "voided"
        self.put_home(hold.units, now)
        return Outcome("applied", amount=len(hold.units), draws=grouped(hold.units))

    def abandon(self, name: str, hold_name: str, now: int) -> Outcome:
        hold = self.holds.get(hold_name)
        if hold is None or hold.state != "open":
            return Outcome("rejected", reason="no_such_hold" if hold is None else "hold_ended")
        self.lapse(hold_name, name, now)
        return Outcome("applied", amount=len(hold.units), draws=grouped(hold.units))

    def lapse(self, hold_name: str, charge_name: str, at: int) -> None:
        hold = self.holds[hold_name]
        if hold.released:
            hold.state = "expired"
            self.put_home(hold.units, at)
            return
        hold.state = "unresolved"
        self.put(hold.units, SPENT)
        self.charges[charge_name] = NaiveCharge(list(hold.units), hold.model, hold.cap)
        self.count(hold.cap, len(hold.units))

    def revoke(self, name: str, now: int) -> Outcome:
        lot = self.lots.get(name)
        if lot is None:
            return Outcome("rejected", reason="no_such_lot")
        if lot.revoked or now >= lot.expires:
            return Outcome("rejected", reason="lot_ended")
        taken = lot.count(FREE)
        lot.revoked = True
        lot.units = [REVOKED if state == FREE else state for state in lot.units]
        return Outcome("applied", amount=taken)

    def count(self, key: str, amount: int) -> None:
        if key:
            self.spent_by_key[key] = self.spent_by_key.get(key, 0) + amount

    @property
    def overage(self) -> int:
        return sum(charge.units.count(BEYOND) for charge in self.charges.values())

    def balances(self) -> dict[str, tuple[int, int, int, int, int]]:
        return {
            name: (lot.count(FREE), lot.count(HELD), lot.count(SPENT), lot.count(EXPIRED), lot.count(REVOKED))
            for name, lot in self.lots.items()
        }


def grouped(units: list[Unit]) -> list[tuple[str, int]]:
    """How many units of each lot, in the order of taking."""
    found: list[tuple[str, int]] = []
    for name, _ in units:
        if not name:
            continue
        if found and found[-1][0] == name:
            found[-1] = (name, found[-1][1] + 1)
        else:
            found.append((name, 1))
    return found
