"""Signing in as a machine beside a naive model, on both engines: guesses, waits, sessions, suspensions, days that pass."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine, delete
from tests.support.profile import size
from tests.support.signing import DAY, NOW, PASSWORD, SECOND, VAULT, Dice, add_account, trying

from bursar.office.database import reading, transaction
from bursar.office.identity import accounts, sessions
from bursar.office.identity.lockout import OF_AN_ACCOUNT, OF_AN_ADDRESS
from bursar.office.identity.sessions import ABSOLUTE_SECONDS, IDLE_SECONDS, Opened
from bursar.office.identity.sign_in import WAIT, WRONG, Origin, Refused
from bursar.office.tables import sign_in_failure

pytest_plugins = ("tests.postgres",)

LOGINS = ("ada", "nobody", "ben", "ada")
REAL = ("ada", "ben")
JUMPS = (1, 2, 60, 901, 7_000, 7_200, 40_000, 86_400)


@dataclass
class Known:
    """What a careful clerk would note down about one login, in the order of events."""

    failures: list[int] = field(default_factory=list)
    """Instants of attempts since the last success."""
    barred_until: int = 0

    def wait(self, now: int) -> int:
        return -(-max(0, self.barred_until - now) // SECOND)

    def attempt(self, now: int) -> None:
        if self.failures and now - self.failures[-1] >= DAY:
            self.failures.clear()
        self.failures.append(now)
        over = len(self.failures) - OF_AN_ACCOUNT.free
        if over >= 0:
            self.barred_until = now + min(2 * 2**over, 900) * SECOND


@dataclass
class Ticket:
    """A session as the model knows it."""

    opened: Opened
    login: str
    seen: int
    ended: bool = False

    def lives(self, now: int) -> bool:
        fresh = now < self.opened.session.created + ABSOLUTE_SECONDS * SECOND
        return not self.ended and fresh and now - self.seen < IDLE_SECONDS * SECOND


def test_signing_in_agrees_with_the_naive_model(engine: Engine) -> None:
    for login in REAL:
        add_account(engine, login)
    dice = Dice()

    class SignInMachine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            with transaction(engine) as connection:
                connection.execute(delete(sign_in_failure))
            for login in REAL:
                self._set_status(login, "active")
            self.now = NOW
            self.try_it = trying(engine, dice)
            self.known = {login: Known() for login in LOGINS}
            self.status = dict.fromkeys(REAL, "active")
            self.tickets: list[Ticket] = []
            self.addresses = 0

        def _set_status(self, login: str, status: str) -> None:
            with transaction(engine) as connection:
                act = accounts.suspend if status == "suspended" else accounts.reinstate
                act(connection, f"acc_{login}", by="test", now=NOW)

        @rule(login=st.sampled_from(LOGINS), right=st.sampled_from((True, True, False)), over=st.booleans())
        def attempt(self, login: str, right: bool, over: bool) -> None:
            """Each from an address of its own: the address' patience is another machine."""
            self.addresses += 1
            before = next((one for one in self.tickets if one.lives(self.now)), None) if over else None
            cookie = before.opened.cookie.reveal() if before else ""
            password = PASSWORD if right else "wrong and wrong again"
            origin = Origin(
                f"10.{self.addresses >> 16 & 255}.{self.addresses >> 8 & 255}.{self.addresses & 255}", "", cookie
            )
            found = self.try_it(login, password, self.now, origin)
            known = self.known[login]
            wait = known.wait(self.now)
            if wait:
                assert found == Refused(WAIT, wait)
                return
            known.attempt(self.now)
            if not right or self.status.get(login) != "active":
                assert found == Refused(WRONG)
                return
            assert isinstance(found, Opened)
            known.failures.clear()
            known.barred_until = 0
            if before:
                before.ended = True
            self.tickets.append(Ticket(found, login, self.now))

        @rule(seconds=st.sampled_from(JUMPS))
        def wait(self, seconds: int) -> None:
            self.now += seconds * SECOND

        @rule()
        def come_back(self) -> None:
            for ticket in self.tickets[-6:]:
                found = sessions.resume(engine, VAULT, ticket.opened.cookie.reveal(), self.now)
                alive = ticket.lives(self.now) and self.status[ticket.login] == "active"
                assert (found is not None) == alive
                if alive:
                    assert found is not None
                    assert found.account == f"acc_{ticket.login}"
                    ticket.seen = self.now if self.now - ticket.seen >= 60 * SECOND else ticket.seen

        @rule()
        def leave(self) -> None:
            if self.tickets:
                sessions.sign_out(engine, VAULT, self.tickets[-1].opened.cookie.reveal(), self.now)
                self.tickets[-1].ended = True

        @rule(login=st.sampled_from(REAL))
        def suspend_or_reinstate(self, login: str) -> None:
            wanted = "active" if self.status[login] == "suspended" else "suspended"
            self._set_status(login, wanted)
            self.status[login] = wanted
            for ticket in self.tickets:
                ticket.ended = ticket.ended or (wanted == "suspended" and ticket.login == login)

        @invariant()
        def whoever_is_signed_in_is_known(self) -> None:
            with reading(engine) as connection:
                for ticket in self.tickets[-4:]:
                    found = sessions.find(connection, VAULT, ticket.opened.cookie.reveal(), self.now)
                    assert (found is not None) == (ticket.lives(self.now) and self.status[ticket.login] == "active")

        @invariant()
        def cookies_never_repeat(self) -> None:
            cookies = [one.opened.cookie.reveal() for one in self.tickets]
            assert len(cookies) == len(set(cookies))

    profile = settings(
        max_examples=size(25, 600),
        stateful_step_count=60,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(SignInMachine, settings=profile)


@pytest.mark.parametrize("logins", [1, 3])
def test_whoever_guesses_from_one_address_gets_few_answers_a_day(engine: Engine, logins: int) -> None:
    """An attacker who takes every chance at once: the answers in one day are bounded by account, or by address."""
    try_it, now, answers = trying(engine, Dice()), NOW, 0
    while now < NOW + DAY // 24:
        waits = []
        for number in range(logins):
            found = try_it(f"user{number}", "wrong and wrong again", now, Origin("203.0.113.7"))
            assert isinstance(found, Refused)
            answers += found.sentence == WRONG
            waits.append(found.wait_seconds if found.sentence == WAIT else 0 if found.sentence == WRONG else 3_600)
        now += max(1, min(waits)) * SECOND
    per_account = OF_AN_ACCOUNT.free + 14 + 3_600 // 900
    per_address = OF_AN_ADDRESS.free + 3_600 // OF_AN_ADDRESS.drain_seconds + 5
    assert answers <= min(logins * per_account, per_address)
    assert answers >= OF_AN_ACCOUNT.free
