"""The client's core, without any I/O: what is sent, what comes of what came back, and what is sent again."""

from __future__ import annotations

import json

import pytest

from bursar.client import Call, operations
from bursar.client.exchange import MAX_ATTEMPTS, Again, Exchange, Reply, server_of
from bursar.errors import BursarError, Conflict, Forbidden, InvalidInput, NotFound, Unavailable

SERVER = server_of("https://bursar.example.com/tools/", "bur_api_x")
READS = operations.list_pools()
CHANGES = operations.fund_pool("core", "$5")


def exchange(call: Call[object] = READS) -> Exchange[object]:  # type: ignore[assignment]
    return Exchange(call, SERVER, "made-up")


def reply(status: int, body: object = None, **headers: str) -> Reply:
    media = "application/json" if status < 400 else "application/problem+json"
    named = {"content-type": media, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Reply(status, named, b"" if body is None else json.dumps(body).encode())


def test_a_request_names_who_asks_and_where() -> None:
    request = exchange().request
    assert (request.method, request.target) == ("GET", "/tools/api/v1/pools")
    assert request.headers["Authorization"] == "Bearer bur_api_x"
    assert "Idempotency-Key" not in request.headers
    assert "bur_api_x" not in repr(request) + repr(SERVER)


def test_what_changes_something_has_a_key() -> None:
    assert exchange(CHANGES).request.headers["Idempotency-Key"] == "made-up"
    assert exchange(CHANGES.with_key("mine")).request.headers["Idempotency-Key"] == "mine"
    assert json.loads(exchange(CHANGES).request.body) == {"amount": "$5"}


def test_arguments_are_escaped_and_what_is_not_given_is_left_out() -> None:
    call = operations.get_usage("a/b c@x", by="model", from_="2026-11-01")
    assert call.target == "/people/a%2Fb%20c@x/usage?by=model&from=2026-11-01"
    assert operations.list_topups(waiting_for_me=True).target == "/topups?waiting_for_me=true"


def test_an_answer_is_a_value_with_its_tag() -> None:
    found = exchange().received(reply(200, {"items": []}, etag='"a"'), 0.5)
    assert not isinstance(found, Again)
    assert (found.value.items, found.tag, found.replayed) == ((), '"a"', False)  # type: ignore[union-attr]


def test_a_field_that_a_newer_server_adds_is_no_fault() -> None:
    found = exchange().received(reply(200, {"items": [], "new": 1}), 0.5)
    assert not isinstance(found, Again)


def test_an_answer_of_another_shape_is_said_in_words() -> None:
    for body in ({"items": "x"}, {}, []):
        with pytest.raises(Conflict, match="listPools is not what this client knows"):
            exchange().received(reply(200, body), 0.5)
    with pytest.raises(Conflict, match="not what this client knows"):
        exchange().received(Reply(200, {}, b"<html>"), 0.5)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Forbidden), (403, Forbidden), (404, NotFound), (409, Conflict), (412, Conflict), (400, InvalidInput)],
)
def test_a_problem_is_an_error_of_its_kind(status: int, kind: type[BursarError]) -> None:
    with pytest.raises(kind) as caught:
        exchange().received(reply(status, {"detail": "it cannot be", "hint": "do this"}), 0.5)
    assert "it cannot be" in caught.value.sentence
    assert caught.value.hint == "do this"


def test_a_wrong_value_keeps_its_field() -> None:
    problem = {"detail": "x", "field": "amount", "found": "'12,5'", "expected": "a point", "hint": ""}
    with pytest.raises(InvalidInput) as caught:
        exchange().received(reply(422, problem), 0.5)
    assert (caught.value.field, caught.value.found, caught.value.expected) == ("amount", "'12,5'", "a point")


@pytest.mark.parametrize("body", [b"", b"<html>oops</html>", b"{", b"[1]", b"\xff\xfe"])
@pytest.mark.parametrize("status", [400, 404, 418, 500, 599])
def test_whatever_comes_back_is_an_error_in_words(status: int, body: bytes) -> None:
    with pytest.raises(BursarError) as caught:
        exchange().received(Reply(status, {"content-type": "application/problem+json"}, body), 0.5)
    assert caught.value.sentence


@pytest.mark.parametrize("call", [READS, CHANGES], ids=["reads", "changes"])
def test_what_does_nothing_twice_is_sent_again(call: Call[object]) -> None:
    one = exchange(call)
    waits = []
    for _ in range(MAX_ATTEMPTS - 1):
        step = one.received(reply(503), 0.5)
        assert isinstance(step, Again)
        waits.append(step.seconds)
    assert waits == sorted(waits)
    with pytest.raises(Unavailable):
        one.received(reply(503), 0.5)


def test_a_wait_that_is_asked_for_is_kept_unless_it_is_too_long() -> None:
    step = exchange().received(reply(429, None, retry_after="3"), 0.0)
    assert isinstance(step, Again)
    assert step.seconds == 3
    with pytest.raises(Unavailable):
        exchange().received(reply(503, None, retry_after="3600"), 0.0)


def test_a_key_that_is_busy_is_waited_for_and_another_conflict_is_not() -> None:
    busy = {"type": "urn:bursar:problem:key-busy", "detail": "busy"}
    assert isinstance(exchange(CHANGES).received(reply(409, busy, retry_after="1"), 0.5), Again)
    with pytest.raises(Conflict):
        exchange(CHANGES).received(reply(409, {"type": "urn:bursar:problem:key-reused", "detail": "x"}), 0.5)


def test_a_connection_that_breaks_is_tried_again_and_then_said() -> None:
    one = exchange(CHANGES)
    for _ in range(MAX_ATTEMPTS - 1):
        assert isinstance(one.failed("connection reset", 0.5), Again)
    with pytest.raises(Unavailable, match=r"https://bursar\.example\.com:443 does not answer: connection reset"):
        one.failed("connection reset", 0.5)


@pytest.mark.parametrize(
    "url",
    [
        "http://bursar.example.com",
        "bursar.example.com",
        "ftp://x",
        "https://",
        "https://a@b",
        "https://x/?q",
        "https://x:99999",
    ],
)
def test_a_token_travels_only_where_nobody_reads_along(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        server_of(url, "bur_api_x")
    assert caught.value.field == "url"
    assert "bur_api_x" not in str(caught.value)


def test_on_this_machine_plain_http_will_do() -> None:
    for url in ("http://127.0.0.1:8788", "http://localhost:8788", "http://[::1]:8788"):
        assert server_of(url, "x").scheme == "http"
    with pytest.raises(InvalidInput):
        server_of("https://x", "a b")
