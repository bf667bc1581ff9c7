"""The gateway over real sockets: every dialect, keys in every place, refusals, faults, hang-ups, limits."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

import aiohttp
import pytest
from tests.support.house import House, running_house

from bursar.demo.provider import Defaults

CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
MESSAGES = {"model": "claude-haiku-4-5", "max_tokens": 1000, "messages": [{"role": "user", "content": "hi"}]}
RESPONSES = {"model": "gpt-5-mini", "input": "hi"}
GENERATE = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
ROUTES = {
    "chat": ("/v1/chat/completions", CHAT),
    "responses": ("/v1/responses", RESPONSES),
    "messages": ("/v1/messages", MESSAGES),
    "gemini v1": ("/v1/models/gemini-2.5-flash:generateContent", GENERATE),
    "gemini v1beta": ("/v1beta/models/gemini-2.5-flash:generateContent", GENERATE),
    "embeddings": ("/v1/embeddings", {"model": "text-embedding-3-small", "input": "hi"}),
}
STREAMS = {
    "chat": ("/v1/chat/completions", {**CHAT, "stream": True}),
    "responses": ("/v1/responses", {**RESPONSES, "stream": True}),
    "messages": ("/v1/messages", {**MESSAGES, "stream": True}),
    "gemini": ("/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", GENERATE),
    "gemini array": ("/v1beta/models/gemini-2.5-flash:streamGenerateContent", GENERATE),
}


@pytest.mark.parametrize("route", ROUTES)
async def test_every_dialect_is_answered_and_charged_what_the_provider_bills(house: House, route: str) -> None:
    path, body = ROUTES[route]
    async with house.client.post(house.url + path, json=body, headers=house.headers()) as reply:
        assert reply.status == 200, await reply.text()
        await reply.read()
    (charge,) = house.charges()
    assert charge["status"] == "exact"
    assert charge["amount"] == house.billed() > 0
    house.assert_clean()


@pytest.mark.parametrize("route", STREAMS)
async def test_every_stream_is_passed_on_and_charged_what_the_provider_bills(house: House, route: str) -> None:
    path, body = STREAMS[route]
    async with house.client.post(house.url + path, json=body, headers=house.headers()) as reply:
        assert reply.status == 200
        text = await reply.text()
    assert "as promised" in text
    assert house.charges()[0]["status"] == "exact"
    assert house.spent() == house.billed() > 0
    house.assert_clean()


async def test_a_stream_costs_what_the_same_answer_costs_in_one_piece(house: House) -> None:
    for stream in (False, True):
        for path, body in (ROUTES["chat"], ROUTES["messages"], ROUTES["responses"]):
            asked = {**body, "stream": stream}
            async with house.client.post(house.url + path, json=asked, headers=house.headers()) as reply:
                await reply.read()
    amounts = [one["amount"] for one in house.charges()]
    assert amounts[:3] == amounts[3:]


@pytest.mark.parametrize("place", ["bearer", "x-api-key", "x-goog-api-key", "query"])
async def test_the_key_is_taken_from_every_place_and_never_leaves_the_house(house: House, place: str) -> None:
    path, body = ROUTES["gemini v1beta"]
    headers = {
        "bearer": {"Authorization": f"Bearer {house.key}"},
        "x-api-key": {"x-api-key": house.key},
        "x-goog-api-key": {"x-goog-api-key": house.key},
        "query": {},
    }[place]
    url = house.url + path + (f"?key={house.key}" if place == "query" else "")
    async with house.client.post(url, json=body, headers=headers) as reply:
        assert reply.status == 200, await reply.text()  # the provider checks its own key, so it got that one


async def test_free_calls_are_relayed_and_never_held(house: House) -> None:
    before = house.balance()["available_nanos"]
    free = [
        ("GET", "/v1/models", None, {}),
        ("GET", "/v1/models", None, {"anthropic-version": "2023-06-01"}),
        ("GET", "/v1beta/models", None, {}),
        ("POST", "/v1/messages/count_tokens", MESSAGES, {}),
        ("POST", "/v1beta/models/gemini-2.5-flash:countTokens", GENERATE, {}),
    ]
    for method, path, body, extra in free:
        headers = {**house.headers(), **extra}
        async with house.client.request(method, house.url + path, json=body, headers=headers) as reply:
            assert reply.status == 200, path
    async with house.client.head(house.url + "/") as reply:
        assert reply.status == 200
    assert house.charges() == []
    assert house.balance()["available_nanos"] == before
    held = house.desk.store.read(lambda session: session.rows("SELECT COUNT(*) FROM entry WHERE kind = 'hold'")[0][0])
    assert held == 0


async def test_without_a_valid_key_every_dialect_says_so_in_its_own_words(house: House) -> None:
    expected = {
        "chat": ("code", "invalid_api_key"),
        "messages": ("type", "authentication_error"),
        "gemini v1beta": ("status", "UNAUTHENTICATED"),
    }
    for route, (field, word) in expected.items():
        path, body = ROUTES[route]
        for key in ("", "wrong", "bur_live_" + "0" * 49, house.key[:-1] + "?"):
            async with house.client.post(house.url + path, json=body, headers=house.headers(key)) as reply:
                assert reply.status == 401
                assert (await reply.json())["error"][field] == word
    assert house.provider.bill.requests == 0


async def test_a_revoked_key_is_dead_within_a_second_and_its_stream_is_stopped_badly(house: House) -> None:
    text = "[[standin output=4000 pace_ms=20]]"
    body = {**CHAT, "stream": True, "messages": [{"role": "user", "content": text}]}
    async with house.client.post(house.url + "/v1/chat/completions", json=body, headers=house.headers()) as reply:
        await reply.content.readany()
        house.desk.revoke_key(house.desk.keys("ada")[0]["id"])
        rest, clean = await asyncio.wait_for(_to_the_end(reply), 3)
    assert not clean
    assert b"revoked" in rest
    assert b"[DONE]" not in rest
    status, _, _ = await house.chat()
    assert status == 401
    await house.settled()
    assert house.charges()[0]["status"] == "estimated"
    assert house.spent() > 0
    house.assert_clean()


async def _to_the_end(reply: aiohttp.ClientResponse) -> tuple[bytes, bool]:
    """What still comes, and whether it ended cleanly."""
    received = b""
    try:
        async for chunk in reply.content.iter_any():
            received += chunk
    except (aiohttp.ClientPayloadError, aiohttp.ClientOSError):
        return received, False
    return received, True


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"not json", "body"),
        (b"[]", "body"),
        (b'{"model": 5}', "model"),
        (b'{"messages": []}', "model"),
        (b'{"model": "gpt-4o", "max_tokens": -1}', "max_tokens"),
        (b'{"model": "gpt-4o", "n": 0}', "n"),
        (b'{"model": "gpt-4o", "n": 100000}', "n"),
        (b'{"model": "gpt-4o", "max_tokens": 5, "max_tokens": 500000}', "max_tokens"),
        (b'{"model": "gpt-4o", "max_tokens": 1e400}', "max_tokens"),
        (b'{"model": "\xff\xfe"}', "body"),
        (b"[" * 100_000, "body"),
    ],
)
async def test_a_malformed_request_is_a_400_that_names_the_field_and_holds_nothing(
    house: House, body: bytes, field: str
) -> None:
    async with house.client.post(house.url + "/v1/chat/completions", data=body, headers=house.headers()) as reply:
        document = await reply.json()
        assert reply.status == 400, document
    assert document["error"]["message"].startswith(("Bursar: " + field, "Bursar: body"))
    assert house.provider.bill.requests == 0
    assert house.open_holds() == 0


async def test_unknown_paths_methods_and_models_are_refused_and_never_relayed(house: House) -> None:
    cases = [
        ("POST", "/v1/images/generations", CHAT, 404),
        ("POST", "/v1/fine_tuning/jobs", CHAT, 404),
        ("POST", "/v1beta/models/gemini-2.5-flash:predictLongRunning", GENERATE, 404),
        ("PUT", "/v1/chat/completions", CHAT, 405),
        ("GET", "/v1/chat/completions", None, 405),
        ("POST", "/v1/chat/completions", {**CHAT, "model": "gpt-99-imaginary"}, 404),
        ("POST", "/p/nowhere/v1/chat/completions", CHAT, 404),
    ]
    for method, path, body, status in cases:
        async with house.client.request(method, house.url + path, json=body, headers=house.headers()) as reply:
            assert reply.status == status, path
            assert "Bursar:" in (await reply.json())["error"]["message"]
    assert house.provider.bill.requests == 0


async def test_a_body_over_the_limit_is_a_413_in_any_framing(tmp_path: Path) -> None:
    async with running_house(tmp_path, max_body_bytes=10_000) as house:
        big = json.dumps({**CHAT, "messages": [{"role": "user", "content": "x" * 20_000}]}).encode()

        async def chunks():
            for start in range(0, len(big), 1000):
                yield big[start : start + 1000]

        for data in (big, chunks()):
            url = house.url + "/v1/chat/completions"
            async with house.client.post(url, data=data, headers=house.headers()) as reply:
                assert reply.status == 413
        assert house.provider.bill.requests == 0


async def test_slow_headers_and_slow_bodies_are_cut_off(tmp_path: Path) -> None:
    async with running_house(tmp_path, receipt_seconds=0.3) as house:
        host, port = house.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        await writer.drain()
        assert await asyncio.wait_for(_read_or_reset(reader), 5) == b""
        writer.close()
        reader, writer = await asyncio.open_connection(host, int(port))
        line = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
        writer.write(f"{line}Authorization: Bearer {house.key}\r\nContent-Length: 100\r\n\r\n{{".encode())
        await writer.drain()
        answer = await asyncio.wait_for(_read_or_reset(reader), 5)
        assert b" 408 " in answer.split(b"\r\n")[0]
        writer.close()
        assert (await house.chat())[0] == 200


async def _read_or_reset(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


async def test_connections_over_the_cap_are_turned_away_at_once(tmp_path: Path) -> None:
    async with running_house(tmp_path, max_connections=3) as house:
        host, port = house.url.removeprefix("http://").split(":")
        kept = [await asyncio.open_connection(host, int(port)) for _ in range(3)]
        await asyncio.sleep(0.05)
        reader, writer = await asyncio.open_connection(host, int(port))
        assert b" 503 " in await asyncio.wait_for(reader.readline(), 5)
        for _, one in [*kept, (reader, writer)]:
            one.close()


@pytest.mark.parametrize("status", [400, 404, 429, 500, 529])
async def test_provider_errors_pass_unmodified_and_are_not_charged(house: House, status: int) -> None:
    got, document, headers = await house.chat(f"[[standin status={status} retry_after=7]]")
    assert got == status
    assert document["error"]["message"] == "This failure was asked for."
    assert headers["retry-after"] == "7"
    assert house.charges() == []
    assert house.balance()["available_nanos"] == 10 * 10**9
    house.assert_clean()


async def test_a_provider_that_cannot_be_reached_is_a_503_and_holds_nothing(house: House) -> None:
    house.desk.add_provider("openai", base_url="http://127.0.0.1:9", secret="x")
    await asyncio.sleep(0.6)
    status, document, headers = await house.chat()
    assert status == 503
    assert int(headers["retry-after"]) >= 2
    assert "cannot be reached" in document["error"]["message"]
    house.assert_clean()


@pytest.mark.parametrize("fault", ["cut_after=4", "end_after=4"])
@pytest.mark.parametrize("route", ["chat", "messages", "responses", "gemini"])
async def test_a_stream_that_the_provider_breaks_off_is_charged_and_never_ends_cleanly(
    house: House, fault: str, route: str
) -> None:
    path, body = STREAMS[route]
    body = json.loads(json.dumps(body).replace('"hi"', json.dumps(f"[[standin output=400 {fault}]]")))
    terminal = {"chat": b"[DONE]", "messages": b"message_stop", "responses": b"response.completed", "gemini": b"STOP"}
    async with house.client.post(house.url + path, json=body, headers=house.headers()) as reply:
        received, clean = await _to_the_end(reply)
    assert terminal[route] not in received
    assert not clean
    if route != "gemini":
        assert b"error" in received or b"response.failed" in received
    await house.settled()
    (charge,) = house.charges()
    assert charge["status"] == "estimated"
    assert charge["amount"] > 0
    house.assert_clean()


async def test_usage_that_never_comes_is_estimated_and_says_so(house: House) -> None:
    await house.chat("[[standin output=300 usage=none]]")
    (charge,) = house.charges()
    assert charge["status"] == "estimated"
    assert charge["amount"] > 0
    house.assert_clean()


async def test_the_output_limit_is_lowered_to_what_the_hold_affords_and_the_header_says_so(tmp_path: Path) -> None:
    async with running_house(tmp_path, grant="$1") as house:
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "[[standin fill=1 chunk=500]]"}]}
        async with house.client.post(house.url + "/v1/chat/completions", json=body, headers=house.headers()) as reply:
            document = await reply.json()
            limit = int(reply.headers["x-bursar-output-limit"])
        assert document["usage"]["completion_tokens"] == limit
        assert document["choices"][0]["finish_reason"] == "length"
        assert house.spent() <= 10**9 // 8
        house.assert_clean()


async def test_a_hold_that_covers_the_worst_case_leaves_the_request_as_it_was(house: House) -> None:
    status, document, headers = await house.chat("[[standin output=64]]", max_tokens=64)
    assert status == 200
    assert "x-bursar-output-limit" not in headers
    assert document["usage"]["completion_tokens"] == 64


async def test_warning_headers_show_the_allotment_to_the_clients_that_read_them(house: House) -> None:
    for route, names in {
        "messages": ["anthropic-ratelimit-unified-status"],
        "responses": ["x-codex-primary-used-percent", "x-codex-credits-balance"],
    }.items():
        path, body = ROUTES[route]
        async with house.client.post(house.url + path, json=body, headers=house.headers()) as reply:
            for name in [*names, "x-bursar-balance", "x-bursar-used-percent"]:
                assert name in reply.headers


async def test_a_key_with_a_cap_stops_at_its_cap_and_with_models_at_other_models(house: House) -> None:
    capped = house.desk.issue_key("ada", cap="$0.02")["token"]
    narrow = house.desk.issue_key("ada", models=("claude-*",))["token"]
    await asyncio.sleep(0.6)
    assert (await house.chat(key=narrow))[0] == 403
    statuses = []
    for _ in range(40):
        status, document, _ = await house.chat("[[standin output=3000]]", key=capped, max_tokens=3000)
        statuses.append(status)
        if status != 200:
            break
    assert statuses[-1] == 429
    assert "cap of this access key" in document["error"]["message"]
    assert house.spent() <= 20_000_000
    assert (await house.chat())[0] == 200


async def test_secrets_are_nowhere_to_be_found(house: House, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    with caplog.at_level(logging.DEBUG):
        canary = "the-canary-in-the-prompt"
        await house.chat(canary)
        await house.chat(canary, key="bur_live_" + "1" * 49)
        await house.chat(canary + " [[standin status=500]]")
        async with house.client.post(house.url + f"/v1/unknown?key={house.key}", json={}) as reply:
            assert house.key not in await reply.text()
    ours = "".join(record.getMessage() for record in caplog.records if record.name.startswith("bursar"))
    assert house.key not in ours
    assert canary not in ours
    assert "sk-upstream" not in ours
    database = b"".join(path.read_bytes() for path in (tmp_path / "home").glob("bursar.db*"))
    assert house.key.encode() not in database
    assert canary.encode() not in database
    assert b"sk-upstream" not in database


async def test_a_drain_lets_streams_finish_and_settles_everything(tmp_path: Path) -> None:
    async with running_house(tmp_path, defaults=Defaults(pace_ms=10)) as house:
        task = asyncio.create_task(house.chat("[[standin output=600]]"))
        while not house.open_holds():
            await asyncio.sleep(0.01)
        await house.gateway.stop()
        status, document, _ = await task
        assert status == 200
        assert document["usage"]["completion_tokens"] == 600
        assert house.spent() == house.billed()
        house.assert_clean()


async def test_a_node_that_leaves_says_so_first_and_serves_meanwhile(tmp_path: Path) -> None:
    """A balancer that only asks has time to notice; then nobody is let in any more."""
    async with running_house(tmp_path, unready_seconds=0.6) as house:
        ready = house.url + "/readyz"
        async with house.client.get(ready) as reply:
            assert reply.status == 200
        leaving = asyncio.create_task(house.gateway.stop())
        await asyncio.sleep(0.1)
        async with house.client.get(ready) as reply:
            assert reply.status == 503
        assert (await house.chat())[0] == 200
        await leaving
        with pytest.raises(aiohttp.ClientConnectorError):
            await house.chat()
        house.assert_clean()
