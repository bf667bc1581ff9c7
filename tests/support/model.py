"""A naive ledger, written as simply as possible, to hold the real one against.

Amounts are whole units in dictionaries; nothing is cached, everything is looked up by walking lists.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class ModelLot:
    name: str
    amount: int
    opens: int
    expires: int
    priority: int
    only: str = ""
    """The one model that this lot is restricted to; empty for none."""
    promotional: bool = False
    revoked: bool = False
    free: int = 0
    held: int = 0
    spent: int = 0
    gone: int = 0

    def usable(self, model: str, now: int) -> bool:
        return not self.revoked and self.opens <= now < self.expires and (not self.only or self.only == model)

    def dead(self, now: int) -> bool:
        return self.revoked or now >= self.expires


@dataclass
class ModelHold:
    draws: list[tuple[str, int]]
    expires: int
    model: str
    released_on_lapse: bool


@dataclass
class Model:
    """One person."""

    lots: dict[str, ModelLot] = field(default_factory=dict)
    holds: dict[str, ModelHold] = field(default_factory=dict)
    overage: int = 0

    def order(self, model: str, now: int) -> list[ModelLot]:
        usable = [lot for lot in self.lots.values() if lot.usable(model, now)]
        return sorted(
            usable,
            key=lambda lot: (not lot.only, lot.priority, lot.expires, not lot.promotional, lot.opens, lot.name),
        )

    def happen(self, now: int) -> None:
        events = [(hold.expires, 0, name) for name, hold in self.holds.items() if hold.expires <= now]
        events += [(lot.expires, 1, name) for name, lot in self.lots.items() if lot.expires <= now]
        for at, kind, name in sorted(events):
            if kind == 0:
                hold = self.holds.pop(name)
                for lot_name, amount in hold.draws:
                    lot = self.lots[lot_name]
                    lot.held -= amount
                    if not hold.released_on_lapse:
                        lot.spent += amount
                    elif lot.dead(at):
                        lot.gone += amount
                    else:
                        lot.free += amount
            else:
                lot = self.lots[name]
                lot.gone += lot.free
                lot.free = 0

    def release(self, lot: ModelLot) -> None:
        lot.free = lot.amount
        self.lots[lot.name] = lot

    def available(self, model: str, now: int) -> int:
        return sum(lot.free for lot in self.order(model, now))

    def hold(
        self, name: str, worst: int, floor: int, share: int, model: str, now: int, expires: int, released: bool
    ) -> int | None:
        free = self.available(model, now)
        if free < min(worst, floor):
            return None
        size = min(worst, max(floor, free // share))
        draws, left = [], size
        for lot in self.order(model, now):
            part = min(lot.free, left)
            if part:
                lot.free -= part
                lot.held += part
                draws.append((lot.name, part))
                left -= part
        self.holds[name] = ModelHold(draws, expires, model, released)
        return size

    def settle(self, name: str, amount: int, now: int) -> int | None:
        """Returns the overage, None if the hold has ended."""
        hold = self.holds.pop(name, None)
        if hold is None:
            return None
        for lot_name, part in hold.draws:
            lot = self.lots[lot_name]
            used = min(part, amount)
            amount -= used
            lot.held -= part
            lot.spent += used
            if lot.dead(now):
                lot.gone += part - used
            else:
                lot.free += part - used
        return self.spend(amount, hold.model, now)

    def spend(self, amount: int, model: str, now: int) -> int:
        for lot in self.order(model, now):
            part = min(lot.free, amount)
            lot.free -= part
            lot.spent += part
            amount -= part
        self.overage += amount
        return amount

    def void(self, name: str, now: int) -> bool:
        hold = self.holds.pop(name, None)
        if hold is None:
            return False
        for lot_name, part in hold.draws:
            lot = self.lots[lot_name]
            lot.held -= part
            if lot.dead(now):
                lot.gone += part
            else:
                lot.free += part
        return True

    def revoke(self, name: str) -> None:
        lot = self.lots[name]
        lot.revoked = True
        lot.gone += lot.free
        lot.free = 0
