"""A ledger in which every nano-unit is a thing of its own, written to be obviously right and for nothing else.

Each lot is a list of states, one for each nano-unit; holds and charges are lists of the units that they took, in the
order in which they took them. Everything is found by walking lists. It shares nothing with the ledger but the words.
"""

from __future__ import annotations

from dataclasses import dataclass, field

FREE, HELD, SPENT, EXPIRED, REVOKED, ROLLED = "available", "held", "spent", "expired", "revoked", "rolled"
BEYOND = ("", 0)
"""A unit that no lot covers."""
Unit = tuple[str, int]


@dataclass
class NaiveRoll:
    """What becomes of the rest of a lot: min(cap, max(floor, share in millionths of the rest)) lives on."""

    expires: int
    cap: int
    floor: int
    share: int
    priority: int

    def amount(self, rest: int) -> int:
        return min(self.cap, max(self.floor, (2 * rest * self.share + 1_000_000) // 2_000_000))


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
    grant: str = ""
    roll: NaiveRoll | None = None
    rolled: bool = False
    """Does it live on the rest of another lot?"""

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

    def happen(self, now: int) -> None:
        """What is due by now, in the order of its time; at the same time holds end before lots expire."""
        while True:
            due = [(hold.expires, 1, name) for name, hold in self.holds.items() if hold.state == "open"]
            due += [(lot.expires, 2, name) for name, lot in self.lots.items() if FREE in lot.units]
            at, which, name = min(due, default=(now + 1, 0, ""))
            if at > now:
                return
            if which == 1:
                self.lapse(name, f"lapse:{name}", at)
            else:
                self.expire(self.lots[name], at)

    def expire(self, lot: NaiveLot, at: int) -> None:
        """The rest is gone, but for what rolls over into a lot of its own."""
        rest, roll, name = lot.count(FREE), lot.roll, f"{lot.name}+"
        lot.units = [EXPIRED if state == FREE else state for state in lot.units]
        if roll is None or at >= roll.expires or name in self.lots or not roll.amount(rest):
            return
        amount = kept = roll.amount(rest)
        for place in [place for place, state in enumerate(lot.units) if state == EXPIRED][-rest:] if rest else []:
            if kept:
                lot.units[place], kept = ROLLED, kept - 1
        self.lots[name] = NaiveLot(
            name, at, roll.expires, roll.priority, True, lot.only, [FREE] * amount, grant=lot.grant, rolled=True
        )
        ours = [one for one in self.lots.values() if one.rolled and one.grant == lot.grant and one.open(at)]
        for one in sorted(ours, key=lambda one: (one.opens, one.expires, one.name)):
            while FREE in one.units and sum(each.count(FREE) for each in ours) > roll.cap:
                one.units[one.units.index(FREE)] = EXPIRED

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
        if lot.expires <= now:
            self.expire(lot, now)
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

    def reduce(self, grant: str, amount: int, now: int) -> Outcome:
        lots = [lot for lot in self.lots.values() if lot.grant == grant and lot.open(now)]
        taken: list[Unit] = []
        for lot in sorted(lots, key=lambda lot: (lot.rolled, -lot.opens, lot.name)):
            taken += [(lot.name, place) for place, state in enumerate(lot.units) if state == FREE]
        taken = taken[:amount]
        self.put(taken, REVOKED)
        return Outcome("applied", amount=len(taken), draws=grouped(taken))

    def roll_late(self, name: str, now: int) -> Outcome:
        """For lots of which nothing was left: what has a floor lives on nevertheless."""
        lot = self.lots.get(name)
        if lot is None:
            return Outcome("rejected", reason="no_such_lot")
        if now < lot.expires:
            return Outcome("rejected", reason="invalid")
        if not lot.revoked:
            self.expire(lot, lot.expires)
            self.happen(now)
        return Outcome("applied", amount=lot.count(ROLLED))

    def count(self, key: str, amount: int) -> None:
        if key:
            self.spent_by_key[key] = self.spent_by_key.get(key, 0) + amount

    @property
    def overage(self) -> int:
        return sum(charge.units.count(BEYOND) for charge in self.charges.values())

    def balances(self) -> dict[str, tuple[int, ...]]:
        states = (FREE, HELD, SPENT, EXPIRED, REVOKED, ROLLED)
        return {name: tuple(lot.count(state) for state in states) for name, lot in self.lots.items()}


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
