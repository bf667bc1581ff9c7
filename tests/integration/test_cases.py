"""Real complaints about budgets in gateways elsewhere, and what Bursar shows instead: a named test for each.

The number is the case's; numbers that are missing are shown elsewhere: 15 in test_kill.py, 26 and 27 with the real
clients in tests/acceptance. 28 (asking for more) is shown as far as the ledger goes: a grant passes at once.
"""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.support.house import House, running_house
from tests.support.processes import serve_process
from tests.support.profile import size
from tests.support.scripted import Scripted

from bursar.gateway import selftest
from bursar.gateway.calibration import MIN_SAMPLES
from bursar.ledger import (
    Applied,
    Charge,
    Correct,
    LotTerms,
    Release,
    Request,
    Settle,
    TakeHold,
    Usage,
    apply_now,
    rules,
)
from bursar.office.desk import initialise, open_desk
from bursar.office.figures import reports
from bursar.office.metering.serving import serving
from bursar.office.settings import Settings
from bursar.prices import PriceBook, list_prices
from bursar.prices import Usage as Tokens

DOLLAR = 10**9


async def scripted(house: House, provider: Scripted, kind: str = "openai", **fields: Any) -> None:
    """Let requests go to a scripted provider from now on."""
    house.desk.add_provider(kind, base_url=provider.base_url, secret="x", **fields)
    await asyncio.sleep(0.6)


async def post(house: House, path: str, body: Any, key: str | None = None) -> tuple[int, bytes, dict[str, str]]:
    async with house.client.post(house.url + path, json=body, headers=house.headers(key)) as reply:
        return reply.status, await reply.read(), {name.lower(): value for name, value in reply.headers.items()}


async def test_case_01_and_09_two_hundred_parallel_agents_never_overshoot(tmp_path: Path) -> None:
    async with running_house(tmp_path, grant="$1") as house:
        text = "[[standin output=1500]]"
        outcomes = await asyncio.gather(*(house.chat(text, model="gpt-4o", max_tokens=1500) for _ in range(200)))
        assert {status for status, _, _ in outcomes} <= {200, 429}
        assert house.spent() == house.billed() <= DOLLAR
        assert sum(one["overage"] for one in house.charges()) == 0
        house.assert_clean()


async def test_case_02_concurrent_first_requests_of_a_person_without_a_grant_are_all_refused(house: House) -> None:
    house.desk.add_person("newcomer")
    key = house.desk.issue_key("newcomer")["token"]
    await asyncio.sleep(0.6)
    outcomes = await asyncio.gather(*(house.chat(key=key) for _ in range(8)))
    assert [status for status, _, _ in outcomes] == [429] * 8
    assert house.provider.bill.requests == 0


def test_case_03_a_gateway_whose_ledger_does_not_refuse_does_not_serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path, port=0)
    initialise(settings)
    desk = open_desk(settings)
    selftest.check_armed(desk.store, desk.now())
    assert desk.store.read(lambda session: session.rows("SELECT COUNT(*) FROM entry"))[0][0] == 0
    monkeypatch.setattr(rules, "hold_size", lambda worst, floor, available, share: min(worst, available))
    with pytest.raises(selftest.Unarmed):
        selftest.check_armed(desk.store, desk.now())
    desk.close()


async def test_case_04_open_holds_are_the_requests_in_flight_and_none_is_left(house: House) -> None:
    tasks = [asyncio.create_task(house.chat("[[standin output=400 pace_ms=15]]")) for _ in range(7)]
    for _ in range(300):
        if len(house.gateway.live) == 7 and house.open_holds() == 7:
            break
        await asyncio.sleep(0.01)
    assert house.open_holds() == len(house.gateway.live) == 7
    await asyncio.gather(*tasks)
    house.assert_clean()
    assert house.balance()["available_nanos"] == 10 * DOLLAR - house.spent()


@pytest.mark.parametrize(
    "fault", ["status=500", "status=429", "cut_after=0", "cut_after=2", "usage=none", "first_byte_ms=20"]
)
async def test_case_05_every_route_settles_or_gives_back(house: House, fault: str) -> None:
    say = f"[[standin output=200 {fault}]]"
    chat = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": say}]}
    messages = {"model": "claude-haiku-4-5", "max_tokens": 500, "messages": [{"role": "user", "content": say}]}
    gemini = {"contents": [{"role": "user", "parts": [{"text": say}]}]}
    for stream in (False, True):
        calls = [
            ("/v1/chat/completions", {**chat, "stream": stream}),
            ("/v1/messages", {**messages, "stream": stream}),
            ("/v1/responses", {"model": "gpt-5-mini", "input": say, "stream": stream}),
            (f"/v1/models/gemini-2.5-flash:{'streamGenerateContent?alt=sse' if stream else 'generateContent'}", gemini),
        ]
        for path, body in calls:
            try:
                await post(house, path, body)
            except aiohttp.ClientError:
                continue
    await house.settled()
    assert house.balance()["available_nanos"] == 10 * DOLLAR - house.spent()
    house.assert_clean()


async def test_case_06_what_is_enforced_is_what_is_recorded(tmp_path: Path) -> None:
    async with running_house(tmp_path, grant="$0.05") as house:
        while True:
            status, document, _ = await house.chat("[[standin output=2000]]", model="gpt-4o", max_tokens=2000)
            if status != 200:
                break
        assert document["bursar"]["available_nanos"] == house.balance()["available_nanos"]
        assert document["bursar"]["used_nanos"] == house.spent() == house.billed()
        assert reports.usage(house.desk, "person")["rows"][0]["amount_nanos"] == house.spent()


async def test_case_07_three_gateway_processes_on_one_database_share_one_budget(
    tmp_path: Path, postgres_url: str
) -> None:
    async with running_house(tmp_path, grant="$0.50", database_url=postgres_url) as house:
        servers = [serve_process(tmp_path / "home", database_url=postgres_url, node=f"node{n}") for n in range(3)]
        try:
            text = "[[standin output=1500]]"
            body = {"model": "gpt-4o", "max_tokens": 1500, "messages": [{"role": "user", "content": text}]}

            async def ask(number: int) -> int:
                url = servers[number % 3].url + "/v1/chat/completions"
                async with house.client.post(url, json=body, headers=house.headers()) as reply:
                    await reply.read()
                    return reply.status

            statuses = await asyncio.gather(*(ask(number) for number in range(90)))
        finally:
            for server in servers:
                server.stop()
        assert set(statuses) == {200, 429}
        assert house.spent() == house.billed() <= DOLLAR // 2
        assert sum(one["overage"] for one in house.charges()) == 0
        house.assert_clean()


async def test_case_08_an_unknown_billable_path_is_refused(house: House) -> None:
    for path in ("/v1/audio/speech", "/v1/images/generations", "/v1/batches", "/p/openai/v1/moderations"):
        status, _, _ = await post(house, path, {"model": "gpt-4o"})
        assert status == 404
    assert house.provider.bill.requests == 0


@pytest.mark.parametrize("chunks", range(1, 12, 2))
async def test_case_10_a_client_that_leaves_a_stream_is_charged_what_the_provider_bills(
    house: House, chunks: int
) -> None:
    text = "[[standin output=200 pace_ms=2]]"
    body = {"model": "gpt-4o-mini", "stream": True, "messages": [{"role": "user", "content": text}]}
    async with house.client.post(house.url + "/v1/chat/completions", json=body, headers=house.headers()) as reply:
        for _ in range(chunks):
            await reply.content.readany()
        reply.close()
    await house.settled()
    (charge,) = house.charges()
    assert charge["status"] == "exact"
    assert charge["amount"] == house.billed()
    house.assert_clean()


async def test_case_11_a_client_that_leaves_before_a_whole_reply_is_charged_too(house: House) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(house.chat("[[standin output=200 first_byte_ms=300]]"), 0.1)
    await house.settled()
    assert house.spent() == house.billed() > 0
    house.assert_clean()


async def test_case_12_an_explicit_zero_is_a_figure_and_not_a_gap(house: House) -> None:
    async with Scripted() as provider:
        await scripted(house, provider)
        usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
        provider.says({"model": "gpt-4o-mini", "choices": [{"message": {"content": "x" * 400}}], "usage": usage})
        await house.chat()
        provider.says({"model": "gpt-4o-mini", "choices": [{"message": {"content": "x" * 400}}], "usage": None})
        await house.chat()
    zero, gap = house.charges()
    assert (zero["status"], zero["amount"]) == ("exact", 0)
    assert gap["status"] == "estimated"
    assert gap["amount"] > 0


async def test_case_13_usage_is_asked_for_and_hidden_from_a_client_that_did_not_ask(house: House) -> None:
    async with Scripted() as provider:
        await scripted(house, provider)
        chunk = {"object": "chat.completion.chunk", "model": "gpt-4o-mini"}
        usage = {
            "prompt_tokens": 900,
            "completion_tokens": 4000,
            "completion_tokens_details": {"reasoning_tokens": 3900},
        }
        provider.streams(
            {**chunk, "choices": [{"index": 0, "delta": {"content": "a"}}]},
            {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
            {**chunk, "choices": [], "usage": usage},
            "[DONE]",
        )
        body = {"model": "gpt-4o-mini", "stream": True, "messages": []}
        status, received, _ = await post(house, "/v1/chat/completions", body)
        assert status == 200
        events = provider.body.split(b"\n\n")
        assert received == b"\n\n".join([*events[:2], *events[3:]])
        assert provider.requests[0]["stream_options"] == {"include_usage": True}
        _, received, _ = await post(house, "/v1/chat/completions", {**body, "stream_options": {"include_usage": True}})
        assert received == provider.body
    tokens = [json.loads(one["tokens"]) for one in house.charges()]
    assert tokens == [{"input": 900, "output": 100, "reasoning": 3900}] * 2


async def test_case_14_every_stream_settles_more_than_nothing(house: House) -> None:
    say = "[[standin output=40]]"
    calls = [
        (
            "/v1/chat/completions",
            {"model": "gpt-4o-mini", "stream": True, "messages": [{"role": "user", "content": say}]},
        ),
        ("/v1/responses", {"model": "gpt-5-mini", "stream": True, "input": say}),
        (
            "/v1/messages",
            {
                "model": "claude-haiku-4-5",
                "max_tokens": 99,
                "stream": True,
                "messages": [{"role": "user", "content": say}],
            },
        ),
        ("/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", {"contents": [{"parts": [{"text": say}]}]}),
    ]
    for path, body in calls:
        await post(house, path, body)
    assert len(house.charges()) == 4
    assert all(one["amount"] > 0 and one["status"] == "exact" for one in house.charges())
    assert house.spent() == house.billed()


def test_case_16_writers_that_cross_each_other_lose_nothing(postgres_url: str, open_ledger: Any) -> None:
    stores = [open_ledger(postgres_url)] + [open_ledger(postgres_url) for _ in range(3)]
    people = [f"per_{n}" for n in range(6)]
    apply_now(stores[0], [Release(f"r{p}", p, LotTerms(f"lot{p}", "USD", 10**12, 1)) for p in people], 2)
    rounds = size(25, 400)
    failures: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for turn in range(rounds):
                order = people if (number + turn) % 2 else people[::-1]
                commands = [
                    Charge(f"c{number}-{turn}-{p}", p, "USD", 7, Request("x", "m", "work"), Usage(at=3)) for p in order
                ]
                apply_now(stores[number], commands, 3)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    spent = stores[0].read(lambda session: session.rows("SELECT SUM(spent), COUNT(*) FROM lot")[0])
    assert int(spent[0]) == 4 * rounds * 6 * 7
    assert stores[0].read(lambda session: session.rows("SELECT COUNT(*) FROM charge")[0][0]) == 4 * rounds * 6


async def test_case_17_and_metering_cache_tokens_are_priced_once_at_their_own_rate(house: House) -> None:
    async with Scripted() as provider:
        await scripted(house, provider, "anthropic")
        usage = {
            "input_tokens": 10,
            "cache_read_input_tokens": 100_000,
            "cache_creation_input_tokens": 0,
            "output_tokens": 100,
        }
        provider.says({"type": "message", "model": "claude-haiku-4-5", "content": [], "usage": usage})
        await post(house, "/v1/messages", {"model": "claude-haiku-4-5", "max_tokens": 100, "messages": []})
    assert house.spent() == 10 * 1_000 + 100_000 * 100 + 100 * 5_000


ANTHROPIC_START = {
    "type": "message_start",
    "message": {
        "model": "claude-haiku-4-5",
        "usage": {
            "input_tokens": 3,
            "cache_creation_input_tokens": 2_000,
            "cache_read_input_tokens": 50_000,
            "cache_creation": {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 1_500},
            "output_tokens": 1,
        },
    },
}


def anthropic_stream(delta_usage: dict[str, Any]) -> list[Any]:
    text = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hello"}}
    delta = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": delta_usage}
    return [ANTHROPIC_START, text, delta, {"type": "message_stop"}]


async def test_case_18_and_19_the_last_writer_of_each_field_counts_and_the_hour_write_keeps_its_rate(
    house: House,
) -> None:
    async with Scripted() as provider:
        await scripted(house, provider, "anthropic")
        provider.streams(
            *anthropic_stream(
                {
                    "input_tokens": 3,
                    "cache_creation_input_tokens": 2_000,
                    "cache_read_input_tokens": 50_000,
                    "output_tokens": 70,
                }
            ),
            names=True,
        )
        body = {"model": "claude-haiku-4-5", "max_tokens": 100, "stream": True, "messages": []}
        await post(house, "/v1/messages", body)
    (charge,) = house.charges()
    assert json.loads(charge["tokens"]) == {
        "input": 3,
        "cache_read": 50_000,
        "cache_write_5m": 500,
        "cache_write_1h": 1_500,
        "output": 70,
    }
    assert charge["amount"] == 3 * 1_000 + 50_000 * 100 + 500 * 1_250 + 1_500 * 2_000 + 70 * 5_000


async def test_metering_server_tools_the_total_covers_every_iteration_and_the_rest_is_priced_too(house: House) -> None:
    async with Scripted() as provider:
        await scripted(house, provider, "anthropic")
        final = {
            "input_tokens": 900,
            "cache_creation_input_tokens": 9_000,
            "cache_read_input_tokens": 120_000,
            "output_tokens": 800,
            "server_tool_use": {"web_search_requests": 2},
        }
        provider.streams(*anthropic_stream(final), names=True)
        body = {"model": "claude-haiku-4-5", "max_tokens": 1000, "stream": True, "messages": []}
        await post(house, "/v1/messages", body)
    tokens = json.loads(house.charges()[0]["tokens"])
    assert tokens["cache_write_5m"] == 7_500  # the split covers 2,000 of 9,000; the rest is not dropped
    assert tokens["cache_write_1h"] == 1_500
    assert tokens["web_searches"] == 2


def test_case_20_one_disjoint_record_whatever_the_dialect_counts_inside_or_beside() -> None:
    from bursar.gateway.dialects import anthropic, gemini, openai_usage

    expected = Tokens(input=600, cache_read=400, output=50)
    inside = {"prompt_tokens": 1000, "completion_tokens": 50, "prompt_tokens_details": {"cached_tokens": 400}}
    assert openai_usage.usage_of(inside) == expected
    beside = {"input_tokens": 600, "cache_read_input_tokens": 400, "output_tokens": 50}
    assert anthropic.usage_of(beside) == expected
    google = {"promptTokenCount": 1000, "cachedContentTokenCount": 400, "candidatesTokenCount": 50}
    assert gemini.usage_of(google) == expected


async def test_case_21_thoughts_are_billed_beside_the_candidates(house: House) -> None:
    async with Scripted() as provider:
        await scripted(house, provider, "google")
        usage = {"promptTokenCount": 100, "candidatesTokenCount": 20, "thoughtsTokenCount": 480, "totalTokenCount": 600}
        provider.says(
            {"candidates": [{"finishReason": "STOP"}], "modelVersion": "gemini-2.5-flash", "usageMetadata": usage}
        )
        await post(house, "/v1beta/models/gemini-2.5-flash:generateContent", {"contents": []})
    assert house.spent() == 100 * 300 + 500 * 2_500


async def test_case_22_a_model_without_a_price_is_refused_never_free(house: House) -> None:
    status, document, _ = await house.chat(model="our-secret-model")
    assert status == 404
    assert "no price is known" in document["error"]["message"]
    assert house.provider.bill.requests == 0


async def test_case_23_a_period_ends_and_the_next_opens_without_any_job(tmp_path: Path) -> None:
    now = [1_795_000_000_000_000]
    settings = Settings(home=tmp_path, port=0)
    initialise(settings, clock=lambda: now[0])
    desk = open_desk(settings, clock=lambda: now[0])
    ada = desk.add_person("ada")["id"]
    hour = 3_600_000_000
    lots = [LotTerms(f"lot{n}", "USD", 30_000_000, now[0] + n * hour, now[0] + (n + 1) * hour) for n in range(2)]
    apply_now(desk.store, [Release(f"r{lot.id}", ada, lot) for lot in lots], now[0])
    key = desk.issue_key("ada")["token"]
    async with Scripted() as provider, serving(desk) as gateway, aiohttp.ClientSession() as client:
        desk.add_provider("openai", base_url=provider.base_url, secret="x")
        await asyncio.sleep(0.6)
        provider.says({"model": "gpt-4o", "choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 2_900}})
        body = {"model": "gpt-4o", "max_tokens": 2_900, "messages": []}

        async def ask() -> tuple[int, Any]:
            headers = {"Authorization": f"Bearer {key}"}
            async with client.post(gateway.base_url + "/v1/chat/completions", json=body, headers=headers) as reply:
                return reply.status, await reply.json()

        assert (await ask())[0] == 200
        status, document = await ask()
        assert status == 429
        assert document["error"]["resets_at"] == (now[0] + hour) // 1_000_000
        now[0] += hour
        assert (await ask())[0] == 200
    assert reports.balance(desk, "ada")["spent_nanos"] == 29_025_000
    desk.close()


def test_case_24_an_adjustment_is_a_new_posting_and_history_stays(store: Any) -> None:
    lot = LotTerms("lot", "USD", 1_000, 1)
    apply_now(
        store, [Release("r", "per", lot), Charge("c", "per", "USD", 300, Request(), Usage(list_nanos=300, at=5))], 5
    )
    before = store.read(lambda session: session.entries_of("per"))
    answer = apply_now(store, [Correct("fix", "per", "c", 120, note="invoice says 120")], 9)[0]
    assert isinstance(answer, Applied)
    assert answer.amount == -180
    after = store.read(lambda session: session.entries_of("per"))
    assert after[: len(before)] == before
    assert after[-1].entry.corrects == "c"
    assert store.read(lambda session: session.rows("SELECT available, spent FROM lot")) == [(880, 120)]


async def test_case_25_a_refusal_names_the_pool_the_amount_the_reset_and_where_to_ask(tmp_path: Path) -> None:
    async with running_house(tmp_path, grant="$0.001", ask_at="#budget") as house:
        house.desk.give("ada", "$5", opens="2099-01-01", label="later")
        status, document, headers = await house.chat(model="gpt-4o")
        assert status == 429
        fields = document["bursar"]
        assert fields["pool"] == "person:ada"
        assert fields["limit_nanos"] == fields["available_nanos"] == 1_000_000
        assert fields["ask_at"] == "#budget"
        assert document["error"]["resets_at"] == fields["resets_at"] == 4070908800
        message = document["error"]["message"]
        assert "$0.001" in message
        assert "#budget" in message
        assert "01 Jan 2099" in message
        assert headers["x-bursar-pool"] == "person:ada"


async def test_case_26_a_thousand_refusals_leave_no_trace_on_the_ledger(tmp_path: Path) -> None:
    async with running_house(tmp_path, grant="") as house:
        entries = "SELECT COUNT(*) FROM entry"
        before = house.desk.store.read(lambda session: session.rows(entries))
        outcomes = await asyncio.gather(*(house.chat() for _ in range(300)))
        assert {status for status, _, _ in outcomes} == {429}
        assert house.desk.store.read(lambda session: session.rows(entries)) == before


async def test_case_27_exhaustion_and_contention_are_told_apart(tmp_path: Path) -> None:
    async with running_house(tmp_path, grant="$0.05") as house:
        slow = [
            asyncio.create_task(house.chat("[[standin output=2000 pace_ms=20]]", model="gpt-4o", max_tokens=4500))
            for _ in range(1)
        ]
        while not house.open_holds():
            await asyncio.sleep(0.01)
        status, _, headers = await house.chat(model="gpt-4o", max_tokens=4500)
        assert status == 429
        assert "x-should-retry" not in headers
        assert int(headers["retry-after"]) <= 5
        await asyncio.gather(*slow)
        house.desk.revoke_grant(house.desk.grants("ada")[0]["grant"])
        status, _, headers = await house.chat(model="gpt-4o", max_tokens=4500)
        assert status == 429
        assert headers["x-should-retry"] == "false"


async def test_case_28_more_that_is_granted_passes_at_once(tmp_path: Path) -> None:
    async with running_house(tmp_path, grant="") as house:
        assert (await house.chat())[0] == 429
        house.desk.give("ada", "$1")
        assert (await house.chat())[0] == 200


async def test_case_29_what_was_spent_can_be_read_the_moment_the_reply_is_there(house: House) -> None:
    for number in range(1, 6):
        await house.chat()
        assert len(house.charges()) == number
        assert house.balance()["available_nanos"] == 10 * DOLLAR - house.billed()


async def test_case_30_a_model_that_costs_nothing_passes_at_a_balance_of_nothing(tmp_path: Path) -> None:
    async with running_house(tmp_path, grant="") as house, Scripted() as provider:
        house.desk.price_set("toy", "*", input_rate="$0", output_rate="$0")
        house.desk.add_provider("toy", kind="toy", base_url=provider.base_url, models=("toy-*",))
        await asyncio.sleep(0.6)
        provider.says({"model": "toy-1", "choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 5}})
        status, _, _ = await house.chat(model="toy-1")
        assert status == 200
        assert house.charges()[0]["amount"] == 0
        assert (await house.chat(model="gpt-4o-mini"))[0] == 429


async def test_case_31_the_hold_uses_the_tier_that_the_input_may_land_in(house: House) -> None:
    tariff = PriceBook(list_prices()).tariff("google", "gemini-2.5-pro", house.desk.now())
    assert tariff.quote(300_000, 1000).worst_nanos == 300_000 * 2_500 + 1000 * 15_000
    async with Scripted() as provider:
        await scripted(house, provider, "google")
        usage = {"promptTokenCount": 250_000, "candidatesTokenCount": 1_000, "totalTokenCount": 251_000}
        provider.says({"candidates": [], "modelVersion": "gemini-2.5-pro", "usageMetadata": usage})
        text = "x" * 260_000
        body = {"contents": [{"parts": [{"text": text}]}], "generationConfig": {"maxOutputTokens": 1_000}}
        await post(house, "/v1beta/models/gemini-2.5-pro:generateContent", body)
    (charge,) = house.charges()
    assert charge["amount"] == 250_000 * 2_500 + 1_000 * 15_000
    assert charge["overage"] == 0


async def test_case_32_the_input_bound_is_calibrated_from_settled_usage(tmp_path: Path) -> None:
    async with running_house(tmp_path, grant="$0.20") as house, Scripted() as provider:
        await scripted(house, provider)
        text = "x" * 40_000  # as bytes $0.10 of input at worst, as tokens a quarter of that
        provider.says({"model": "gpt-4o", "choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 1}})
        short = {"model": "gpt-4o", "max_tokens": 1, "messages": [{"role": "user", "content": "x" * 1_000}]}
        provider.says({"model": "gpt-4o", "choices": [], "usage": {"prompt_tokens": 250, "completion_tokens": 1}})
        long = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
        house.desk.give("ada", "$0.02", label="for the samples", priority=1)
        for _ in range(MIN_SAMPLES):
            assert (await post(house, "/v1/chat/completions", short))[0] == 200
        left = house.balance()["available_nanos"]
        provider.says({"model": "gpt-4o", "choices": [], "usage": {"prompt_tokens": 10_000, "completion_tokens": 1}})
        held = await _largest_parallel(house, long)
        assert held >= 2, "by bytes two of these do not fit into what is left"
        assert house.balance()["available_nanos"] >= left - held * 10_001 * 2_500 - held * 10_000


async def _largest_parallel(house: House, body: Any) -> int:
    outcomes = await asyncio.gather(*(post(house, "/v1/chat/completions", body) for _ in range(2)))
    return sum(1 for status, _, _ in outcomes if status == 200)


async def test_metering_a_hold_that_is_too_small_becomes_explicit_overage_and_is_counted(store: Any) -> None:
    apply_now(store, [Release("r", "per", LotTerms("lot", "USD", 100, 1))], 2)
    apply_now(store, [TakeHold("h", "per", "USD", 100, 100, 50)], 2)
    answer = apply_now(store, [Settle("s", "per", "h", 130, Usage(list_nanos=130, at=2))], 3)[0]
    assert isinstance(answer, Applied)
    assert answer.overage == 30
    assert store.read(lambda session: session.rows("SELECT overage FROM charge"))[0][0] == 30
