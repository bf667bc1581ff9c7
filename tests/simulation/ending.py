"""What must be true at the end of a world, when everything has healed, and at the moment somebody is answered."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from tests.simulation.people import Heard

from bursar.ledger import apply_now
from bursar.ledger.session import Session
from bursar.ledger.verify import verify

if TYPE_CHECKING:
    from tests.simulation.world import World

ENDS = ("settle", "void", "lapse", "unresolved")


def on_the_ledger(world: World, session: Session, heard: Heard) -> None:
    """Whoever has a full reply has it on the ledger, but where the ledger was away for so long that the hold has to stand."""
    name = heard.request_id
    rows = session.rows("SELECT kind FROM entry WHERE command = ? OR command = ?", f"{name}.settle", f"{name}.late")
    assert rows or name in world.unsettled, f"{heard.session} was answered in full and is not on the ledger: {name}"


def nothing_left_behind(world: World, session: Session) -> None:
    """With every node healed and stopped in good order no hold stands, but what nobody could know of or deliver."""
    left = {row[0] for row in session.rows("SELECT id FROM hold WHERE state = 'open'")}
    unknown = left - world.posthumous - world.unsettled
    assert not unknown, f"holds were left behind: {sorted(unknown)}"


def check(world: World) -> dict[str, int]:
    """Everything at once; returns how the charges compare with the providers' bills."""
    store = world.database.own
    found = store.read(lambda session: verify(session))
    assert not found.findings, f"the ledger does not verify: {found.findings[:5]}"
    store.read(_holds_ended_once)
    store.read(lambda session: _unresolved_with_cause(world, session))
    store.read(lambda session: _pace_kept(world, session))
    store.read(world.shadow.asked_again)
    world.shadow.allowed()
    _said_again(world)
    return store.read(lambda session: _bills(world, session))


def _holds_ended_once(session: Session) -> None:
    left = session.rows("SELECT id, expires FROM hold WHERE state = 'open'")
    assert not left, f"holds are still open: {left[:5]}"
    taken = {row[0] for row in session.rows("SELECT hold FROM entry WHERE kind = 'hold'")}
    ends = Counter(row[0] for row in session.rows("SELECT hold FROM entry WHERE hold <> '' AND kind <> 'hold'"))
    assert set(ends) == taken, f"holds without an end or ends without a hold: {set(ends) ^ taken}"
    twice = [name for name, times in ends.items() if times != 1]
    assert not twice, f"holds that ended more than once: {twice[:5]}"


def _unresolved_with_cause(world: World, session: Session) -> None:
    """A hold ends by itself only where its node died, its time ran out first, or the ledger was away for too long."""
    for hold, node, command in session.rows(
        "SELECT h.id, h.node, e.command FROM entry e JOIN hold h ON h.id = e.hold WHERE e.kind IN ('unresolved', 'lapse')"
    ):
        cause = hold in world.shadow.too_late or hold in world.unsettled
        if not cause:
            assert node in world.deaths, f"hold {hold} of {node} ended by itself ({command}) without a cause"


def _said_again(world: World) -> None:
    """Commands of long ago, sent again: the first answer, and nothing moves."""
    store, commands = (
        world.database.own,
        [one[2] for one in list(world.shadow.first.values())[:: max(1, len(world.shadow.first) // 8)]],
    )
    before = store.read(lambda session: session.head())
    answers = apply_now(store, commands, world.nodes[0].clock())
    for command, answer in zip(commands, answers, strict=True):
        outcome = world.shadow.first[command.id][1]
        same = getattr(answer, "replayed", False) and getattr(answer, "amount", -1) == outcome.amount
        assert same, f"{command} sent again: {answer}, at first {outcome}"
    after = store.read(lambda session: session.head())
    assert after == before, f"commands that were sent again moved something: {before} -> {after}"


def _pace_kept(world: World, session: Session) -> None:
    """Nobody spends more in an hour than the plan allows, where one node counts and what it let through was the whole cost."""
    rows = session.rows(
        "SELECT e.person, c.at / 3600000000, SUM(c.amount), SUM(CASE WHEN e.kind = 'settle' THEN 0 ELSE 1 END) "
        "FROM charge c JOIN entry e ON e.seq = c.seq GROUP BY 1, 2"
    )
    paces = {person.name: person.pace for person in world.people}
    for name, hour, spent, odd in rows:
        pace = paces[name]
        if pace is not None and not odd and world.size.nodes == 1 and not world.faults.overruns:
            assert spent <= pace.per_hour, f"{name} spent {spent} of {pace.per_hour} in hour {hour}"


def _bills(world: World, session: Session) -> dict[str, int]:
    """The providers' bills and the charges, request by request."""
    charged: dict[str, list[tuple[str, int, int, str]]] = defaultdict(list)
    for name, status, amount, overage, command, kind in session.rows(
        "SELECT c.session, c.status, c.amount, c.overage, e.command, e.kind FROM charge c JOIN entry e ON e.seq = c.seq ORDER BY c.seq"
    ):
        if kind != "correct":
            charged[name].append((status, amount, overage, command))
    lines = {name: line for provider in world.providers for name, line in provider.lines.items()}
    served = {one.session for one in world.heard if one.served}
    found: Counter[str] = Counter()
    for name in sorted({*lines, *charged}):
        found[_compared(world, name, lines.get(name), charged.get(name, []), name in served)] += 1
    return dict(sorted(found.items()))


def _compared(world: World, name: str, line: Any, rows: list[tuple[str, int, int, str]], served: bool) -> str:
    """How the charge of one request compares with its bill: `exact`, or the name under which it is listed."""
    by_status: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for status, amount, overage, command in rows:
        by_status[status].append((amount, overage, command))
        late = command.endswith(".late")
        assert not overage or late or (line is not None and line.behaviour == "overruns"), (
            f"{name}: {overage} beyond every lot although the provider kept to the limit of {line and line.limit}"
        )
    assert len(rows) <= 2, f"{name} was charged {len(rows)} times: {rows}"
    exact = by_status.get("exact", [])
    if exact:
        assert len(exact) == 1, f"{name} was charged exactly {len(exact)} times: {rows}"
        assert line is not None, f"{name} was never sent, and charged: {rows}"
        assert exact[0][0] == line.billed, f"{name}: charged {exact[0][0]}, billed {line.billed}"
        return "exact and unresolved" if "unresolved" in by_status else "exact"
    if "estimated" in by_status:
        assert not (served and line.told), f"{name}: estimated although the provider told its figures: {line}"
        return "estimated"
    if "unresolved" in by_status:
        return "unresolved" if line is not None else "unresolved, never sent"
    assert not served or world.size.on_lapse == "released", f"{name} was answered in full and never charged: {line}"
    return "not billed" if not line.billed else "given back"
