"""At the limit: a plan's list is followed in its order, within one request, over real sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.support.house import House, running_house

from bursar.office.desk import Desk
from bursar.office.figures import reports
from bursar.office.granting import pools, promises
from bursar.office.oversight import verification
from bursar.office.terms import rollout
from bursar.plans.check import load

PLAN = """
bursar: plan/1
name: tight
title: Tight stipend
allotment: {amount: $AMOUNT, every: month, proration: none}
limit:
  then: STEPS
statements: {tax: none, expectations: none, visibility: totals only, rate_limits: none, changes: HR, approval_time: a day}
"""


def under_plan(desk: Desk, steps: str, amount: str = "0.002", person: str = "ada") -> None:
    """Put a plan with these steps into force and give it to a person."""
    text = PLAN.replace("AMOUNT", amount).replace("STEPS", steps)
    rollout.apply_plan(desk, load(text))
    promises.give(desk, person, "tight")


def notes(house: House) -> list[str]:
    """What the statement says beside each settled charge."""
    rows = house.desk.store.read(
        lambda session: session.rows("SELECT note FROM entry WHERE kind = 'settle' ORDER BY seq")
    )
    return [row[0] for row in rows]


async def ask(house: House, model: str = "gpt-4o", output: int = 100) -> tuple[int, Any, dict[str, str]]:
    return await house.chat(model=model, max_completion_tokens=output)


async def burn(house: House, until: str, model: str = "gpt-4o", most: int = 400) -> list[str]:
    """Ask until a step of that name answers (or `refused`); returns the steps seen on the way."""
    seen: list[str] = []
    for _ in range(most):
        status, _, headers = await ask(house, model)
        seen.append("refused" if status == 429 else headers.get("x-bursar-limit-step", "own"))
        assert status in (200, 429)
        if seen[-1] == until:
            return seen
    raise AssertionError(f"never came to {until}: {seen}")


async def test_grace_then_pool_then_a_cheaper_model_then_stop(tmp_path: Path) -> None:
    async with running_house(tmp_path, grant="") as house:
        house.desk.change_person("ada", team="platform")
        steps = '[{grace: "$0.004"}, {pool: team}, {cheaper_model: {"gpt-4o": gpt-4o-mini}}, stop]'
        under_plan(house.desk, steps)
        pools.fund(house.desk, "platform", "$0.004")
        await asyncio.sleep(0.6)
        seen = await burn(house, "refused")
        order = list(dict.fromkeys(seen))
        assert order == ["own", "grace", "pool", "cheaper-model", "refused"], seen
        models = {one["model"] for one in house.charges()}
        assert any(name.startswith("gpt-4o-mini") for name in models)
        assert house.spent() == house.billed()
        statement = reports.statement(house.desk, "ada", "", "")
        assert any("gpt-4o-mini answered instead of gpt-4o" in line["note"] for line in statement["lines"])
        assert "from pool:platform" in notes(house)
        house.assert_clean()
        assert verification.verified(house.desk).findings == []
        overage = house.desk.store.read(lambda session: session.rows("SELECT SUM(overage) FROM charge"))
        assert overage == [(0,)]


async def test_an_automatic_top_up_comes_in_steps_up_to_its_sum(tmp_path: Path) -> None:
    async with running_house(tmp_path, grant="") as house:
        under_plan(house.desk, '[{top_up: {step: "$0.003", up_to: "$0.008"}}, stop]')
        await asyncio.sleep(0.6)
        seen = await burn(house, "refused")
        assert list(dict.fromkeys(seen)) == ["own", "top-up", "refused"]
        rows = house.desk.store.read(
            lambda session: session.rows("SELECT amount FROM lot WHERE id LIKE 'top_up:%' ORDER BY id")
        )
        assert [row[0] for row in rows] == [3_000_000, 3_000_000, 2_000_000]
        house.assert_clean()


async def test_own_money_needs_a_recorded_consent(tmp_path: Path) -> None:
    async with running_house(tmp_path, grant="") as house:
        under_plan(house.desk, '[{own_money: {step: "$0.01", up_to: "$0.02"}}, stop]')
        await asyncio.sleep(0.6)
        assert (await burn(house, "refused"))[-1] == "refused"
        pools.agree_to_own_money(house.desk, "ada")
        await asyncio.sleep(0.6)
        status, _, headers = await ask(house)
        assert (status, headers["x-bursar-limit-step"]) == (200, "own-money")
        pools.withdraw_own_money(house.desk, "ada")
        await asyncio.sleep(0.6)
        assert (await burn(house, "refused"))[-1] == "refused"
        house.assert_clean()


async def test_forty_at_once_open_each_slice_once(tmp_path: Path) -> None:
    async with running_house(tmp_path, grant="") as house:
        under_plan(house.desk, '[{grace: "$0.05"}, {top_up: {step: "$0.02", up_to: "$0.1"}}, stop]')
        await asyncio.sleep(0.6)
        answers = await asyncio.gather(*(ask(house) for _ in range(40)))
        assert {status for status, _, _ in answers} <= {200, 429}
        await house.settled()
        (funded,) = house.desk.store.read(lambda session: session.rows("SELECT SUM(amount) FROM lot"))[0]
        assert funded <= 2_000_000 + 50_000_000 + 100_000_000
        assert house.spent() == house.billed() <= funded
        house.assert_clean()


async def test_a_release_that_is_due_is_there_before_a_request_is_refused(tmp_path: Path) -> None:
    """The first request of the day, the sweeper asleep: the calendar is caught up by whoever comes first."""
    async with running_house(tmp_path, grant="") as house:
        now = house.desk.now()
        under_plan(house.desk, "[stop]", amount="0.05")
        house.desk.engine.dispose()
        status, _, _ = await ask(house)
        assert status == 200
        assert house.desk.now() > now
        house.assert_clean()


async def test_a_pace_holds_a_swarm_back_and_leaves_the_allotment_alone(tmp_path: Path) -> None:
    async with running_house(tmp_path, grant="") as house:
        text = PLAN.replace("AMOUNT", "5").replace("STEPS", "[stop]")
        rollout.apply_plan(house.desk, load(text + 'velocity: {per_hour: "$0.05", per_day: "$0.2"}\n'))
        promises.give(house.desk, "ada", "tight")
        await asyncio.sleep(0.6)
        answers = await asyncio.gather(*(ask(house, output=1000) for _ in range(60)))
        await house.settled()
        refused = [(document, headers) for status, document, headers in answers if status == 429]
        assert refused
        assert "allows $0.05 in an hour" in refused[0][0]["error"]["message"]
        assert 0 < house.spent() <= 50_000_000
        assert house.balance()["available_nanos"] >= 4_950_000_000
        house.assert_clean()


async def test_a_refusal_names_the_way_to_ask_that_the_plan_promises(tmp_path: Path) -> None:
    async with running_house(tmp_path, grant="") as house:
        under_plan(house.desk, "[{request: {approvers: [manager]}}, stop]", amount="0.000001")
        await asyncio.sleep(0.6)
        status, document, _ = await ask(house)
        assert status == 429
        assert "Your plan takes requests for more: bursar topup request ada AMOUNT." in document["error"]["message"]
