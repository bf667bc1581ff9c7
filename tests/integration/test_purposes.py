"""What a key is for decides which lots pay, where it may go and what stands above it; over real sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.support.house import House, running_house

from bursar.errors import Conflict, InvalidInput, NotFound
from bursar.office.figures import reports
from bursar.office.keyring.reach import reach


async def ask(house: House, key: str, output: int = 100) -> tuple[int, Any]:
    status, document, _ = await house.chat(key=key, model="gpt-4o", max_completion_tokens=output)
    return status, document


def left(house: House, label: str, person: str = "ada") -> int:
    found = house.desk.grants(person)
    return sum(int(one["available_nanos"]) for one in found if one["label"] == label)


async def known(house: House) -> None:
    """Wait until the gateway has read the control plane again."""
    await asyncio.sleep(0.7)


async def test_learning_has_a_bucket_of_its_own_with_a_cap_and_no_approval(tmp_path: Path) -> None:
    async with running_house(tmp_path, grant="") as house:
        house.desk.give("ada", "$0.005", purposes=("learning",), label="learning")
        house.desk.give("ada", "$5", purposes=("work",), label="work")
        learning = house.desk.issue_key("ada", purpose="learning")["token"]
        await known(house)
        statuses = [(await ask(house, learning, 400))[0] for _ in range(30)]
        await house.settled()
        assert set(statuses) == {200, 429}
        assert left(house, "work") == 5_000_000_000  # never burnt for learning
        assert left(house, "learning") < 5_000_000
        assert (await ask(house, house.key))[0] == 200
        await house.settled()
        assert left(house, "work") < 5_000_000_000
        rows = {one["key"]: one["requests"] for one in reports.usage(house.desk, "purpose")["rows"]}
        assert rows == {"learning": statuses.count(200), "work": 1}
        house.assert_clean()


async def test_what_is_kept_for_a_project_burns_for_it_and_for_nothing_else(tmp_path: Path) -> None:
    async with running_house(tmp_path, grant="") as house:
        house.desk.give("ada", "$1", projects=("apollo",), label="reserve")
        apollo = house.desk.issue_key("ada", project="apollo")["token"]
        gemini = house.desk.issue_key("ada", project="gemini")["token"]
        await known(house)
        assert (await ask(house, gemini))[0] == 429
        assert (await ask(house, house.key))[0] == 429
        assert left(house, "reserve") == 1_000_000_000
        assert (await ask(house, apollo))[0] == 200
        await house.settled()
        assert left(house, "reserve") < 1_000_000_000
        house.desk.give("ada", "$1", purposes=("work",), label="open to work")
        assert (await ask(house, gemini))[0] == 200
        (scope,) = [one["scope"] for one in house.balance()["lots"] if one["label"] == "reserve"]
        assert scope == "project apollo"
        await house.settled()
        rows = {one["key"]: one["requests"] for one in reports.usage(house.desk, "purpose")["rows"]}
        assert rows == {"work": 2}
        house.assert_clean()


async def test_production_and_a_feature_in_the_making_are_charged_to_a_service_and_to_no_person(tmp_path: Path) -> None:
    async with running_house(tmp_path) as house:
        desk = house.desk
        with pytest.raises(InvalidInput, match="production is charged to a service"):
            desk.issue_key("ada", purpose="production")
        desk.add_person("checkout", job_family="service", team="payments")
        desk.give("checkout", "$1", label="cost centre 4711")
        key = desk.issue_key("checkout", purpose="production", project="checkout")["token"]
        await known(house)
        assert (await ask(house, key))[0] == 200
        await house.settled()
        assert left(house, "test grant") == 10_000_000_000
        assert left(house, "cost centre 4711", "checkout") < 1_000_000_000
        rows = reports.usage(desk, "project")["rows"]
        assert [one["key"] for one in rows] == ["checkout"]


async def test_a_personal_key_does_not_reach_what_is_for_work_only(tmp_path: Path) -> None:
    async with running_house(tmp_path) as house:
        own = house.desk.issue_key("ada", purpose="personal")["token"]
        secret = "sk-upstream-openai"
        house.desk.add_provider("openai", base_url=house.provider.base_url, secret=secret, purposes=("work",))
        await known(house)
        status, document = await ask(house, own)
        assert status == 403
        assert "is for work use, and this access key is for personal use" in document["error"]["message"]
        assert (await ask(house, house.key))[0] == 200
        # Another address opens no wall.
        house.desk.add_provider("openai", base_url=house.provider.base_url, secret=secret)
        await known(house)
        assert (await ask(house, own))[0] == 403
        with pytest.raises(InvalidInput, match="purpose: found 'fun'"):
            house.desk.add_provider("openai", base_url=house.provider.base_url, purposes=("fun",))


async def test_keys_under_a_key_share_its_cap_and_end_with_it(tmp_path: Path) -> None:
    async with running_house(tmp_path) as house:
        desk = house.desk
        above = desk.issue_key("ada", label="orchestrator", cap="$0.02")
        child = desk.issue_key("ada", label="agent", cap="$0.006", parent=above["id"])
        caps = {one["label"]: one["cap_nanos"] for one in desk.keys("ada")}
        assert (caps["orchestrator"], caps["agent"]) == (14_000_000, 6_000_000)
        await known(house)
        answers = await asyncio.gather(*(ask(house, key["token"], 300) for _ in range(20) for key in (above, child)))
        await house.settled()
        assert {status for status, _ in answers} == {200, 429}
        assert 0 < house.spent() <= 20_000_000
        used = dict(desk.store.read(lambda session: session.rows("SELECT id, spent FROM cap WHERE person <> ''")))
        assert used[child["id"]] <= 6_000_000
        desk.pause_key(above["id"])
        await known(house)
        assert (await ask(house, child["token"]))[0] == 401
        desk.resume_key(above["id"])
        desk.revoke_key(above["id"])
        await known(house)
        assert (await ask(house, child["token"]))[0] == 401
        assert {one["state"] for one in desk.keys("ada") if one["label"] in caps and one["label"]} == {"revoked"}
        house.assert_clean()


async def test_a_key_under_another_never_has_more_than_that_one(tmp_path: Path) -> None:
    async with running_house(tmp_path) as house:
        desk = house.desk
        desk.add_person("ben")
        above = desk.issue_key("ada", cap="$1", models=("gpt-*",), project="apollo", expires="2099-01-01")["id"]
        for wrong, said in (
            ({"cap": "$2"}, "at most"),
            ({}, "a part of"),
            ({"cap": "$1"}, "a part of"),
            ({"cap": "$0.1", "purpose": "personal"}, "purpose"),
            ({"cap": "$0.1", "project": "gemini"}, "purpose"),
            ({"cap": "$0.1", "models": ("claude-*",)}, "model"),
            ({"cap": "$0.1", "expires": "2099-12-31"}, "expires"),
        ):
            with pytest.raises(InvalidInput, match=said):
                desk.issue_key("ada", parent=above, **wrong)  # type: ignore[arg-type]
        with pytest.raises(NotFound):
            desk.issue_key("ben", cap="$0.1", parent=above)
        desk.issue_key("ada", cap="$0.1", label="agent", parent=above)
        (agent,) = [one for one in desk.keys("ada") if one["label"] == "agent"]
        assert (agent["models"], agent["project"], agent["parent"]) == (["gpt-*"], "apollo", above)
        assert agent["expires_micros"] > 0
        with pytest.raises(InvalidInput, match="stands under no other"):
            desk.issue_key("ada", cap="$0.01", project="apollo", models=("gpt-*",), parent=agent["id"])
        desk.revoke_key(above)
        with pytest.raises(Conflict):
            desk.issue_key("ada", cap="$0.1", parent=above)


async def test_a_model_that_is_not_open_is_refused_with_who_opens_it_and_the_reach_of_a_key_is_told(
    tmp_path: Path,
) -> None:
    async with running_house(tmp_path) as house:
        narrow = house.desk.issue_key("ada", models=("claude-*",))
        await known(house)
        status, document = await ask(house, narrow["token"])
        assert status == 403
        assert "Its person issues one that may: bursar key issue ada --model gpt-4o" in document["error"]["message"]
        assert (document["bursar"]["reason"], document["bursar"]["granted_by"]) == ("model", "ada")
        found = {one.provider: one for one in reach(house.desk, narrow["id"])}
        assert found["openai"].admitted == 0 < found["openai"].models
        assert 0 < found["anthropic"].admitted <= found["anthropic"].models
        (whole,) = [one["id"] for one in house.desk.keys("ada") if one["id"] != narrow["id"]]
        assert all(one.admitted == one.models for one in reach(house.desk, whole))
