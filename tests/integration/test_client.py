"""The client on real sockets: the API itself, and servers that break off, dawdle and lie."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tests.support.api import PLAN, Served, served

from bursar.client import AsyncClient, Client, operations
from bursar.client.exchange import MAX_ATTEMPTS
from bursar.errors import Conflict, Forbidden, InvalidInput, NotFound, Unavailable

GOOD = b'{"items":[]}'


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("client")) as found:
        yield found


def client(house: Served, login: str) -> Client:
    return Client(house.url, house.tokens[login])


def test_what_is_asked_comes_back_as_values(house: Served) -> None:
    with client(house, "cora") as bursar:
        given = bursar.send(operations.give_grant("ada", plan="stipend", note="joined"))
        assert given.amount.amount == "500"
        person = bursar.ask(operations.get_person("ada"))
        assert person.value is not None
        assert (person.value.handle, person.value.manager) == ("ada", "mia")
        changed = bursar.send(operations.change_person("ada", team="search").only_as(person.tag))
        assert changed.team == "search"
        with pytest.raises(Conflict):
            bursar.send(operations.change_person("ada", team="ads").only_as(person.tag))
        fresh = bursar.ask(operations.get_person("ada"))
        assert bursar.ask(operations.get_person("ada").unless_as(fresh.tag)).status == 304
    with client(house, "ada") as bursar:
        balance = bursar.send(operations.get_balance("@me"))
        assert [lot.amount.nanos for lot in balance.lots] == ["500000000000"]


def test_a_list_is_walked_page_after_page(house: Served) -> None:
    with client(house, "cora") as bursar:
        for number in range(12):
            bursar.send(operations.add_person(f"walk{number:02}"))
        handles = [one.handle for one in bursar.each(operations.list_people(limit=5))]
    assert handles == sorted(handles)
    assert sum(one.startswith("walk") for one in handles) == 12


def test_errors_are_of_the_kind_that_they_are_on_the_spot(house: Served) -> None:
    with client(house, "ada") as bursar:
        with pytest.raises(NotFound):
            bursar.send(operations.get_person("zoe"))
        with pytest.raises(Forbidden):
            bursar.send(operations.list_plans())
        with pytest.raises(InvalidInput) as caught:
            bursar.send(operations.issue_key("@me", cap="12,50"))
        assert (caught.value.field, caught.value.found) == ("cap", "'12,50'")
    with Client(house.url, "bur_api_nobody") as bursar, pytest.raises(Forbidden, match="good API token"):
        bursar.send(operations.get_me())


def test_a_call_with_a_key_of_its_own_is_done_once(house: Served) -> None:
    call = operations.issue_key("@me", label="once").with_key("my-key-1")
    with client(house, "ada") as one, client(house, "ada") as other:
        first, again = one.ask(call), other.ask(call)
    assert first.value == again.value
    assert (first.replayed, again.replayed) == (False, True)
    assert first.location == f"/keys/{first.value.id}"  # type: ignore[union-attr]


def test_long_work_is_waited_for_and_its_result_fetched(house: Served) -> None:
    with client(house, "cora") as bursar:
        begun = bursar.send(operations.simulate_plan(PLAN, months=2, scenarios=20, history=False))
        done = bursar.wait(begun, seconds=60)
        assert done.state == "done"
        assert bursar.send(operations.get_job_result(done.id)).startswith(b'{"bursar": "simulation/1"')


def test_what_is_to_be_recorded_goes_as_it_is(house: Served) -> None:
    line = b"id,person,amount,time\nc1,ada,$1,2099-01-01T00:00:00Z\n"
    with client(house, "plat") as bursar, pytest.raises(InvalidInput, match="time"):
        bursar.send(operations.record_usage(line, media="text/csv", source="client"))


async def test_the_asynchronous_client_says_the_same(house: Served) -> None:
    async with AsyncClient(house.url, house.tokens["cora"]) as bursar:
        people, plans = await asyncio.gather(
            bursar.send(operations.list_people(limit=3)), bursar.send(operations.list_plans())
        )
        with Client(house.url, house.tokens["cora"]) as plain:
            assert await asyncio.to_thread(plain.send, operations.list_people(limit=3)) == people
        assert plans.items[0].name == "stipend"
        handles = [one.handle async for one in bursar.each(operations.list_people(limit=4))]
        assert handles == sorted(handles)
        begun = await bursar.send(operations.simulate_plan(PLAN, months=2, scenarios=10, history=False))
        assert (await bursar.wait(begun, seconds=60)).state == "done"
        with pytest.raises(NotFound):
            await bursar.send(operations.get_person("a/b c?d#e"))
        with pytest.raises(InvalidInput):
            await bursar.send(operations.add_person("Not A Handle"))


# Servers that are not what one hopes for.


@contextmanager
def server(*answers: Callable[[socket.socket, bytes], None]) -> Iterator[tuple[str, list[bytes]]]:
    """Answers each connection in turn as it is told, the last one for ever after."""
    asked: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for number in range(100):
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                peer.settimeout(5)
                try:
                    request = _request(peer)
                    asked.append(request)
                    answers[min(number, len(answers) - 1)](peer, request)
                except OSError:
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def _request(peer: socket.socket) -> bytes:
    found = b""
    while b"\r\n\r\n" not in found:
        found += peer.recv(65536)
    head, _, body = found.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += peer.recv(65536)
    return head + b"\r\n\r\n" + body


def says(status: str, body: bytes = GOOD, *headers: str) -> Callable[[socket.socket, bytes], None]:
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(body)}",
        "Content-Type: application/json",
        "Connection: close",
    ]
    head = "\r\n".join([*lines, *headers, "", ""]).encode()
    return lambda peer, _: peer.sendall(head + body)


def hangs_up(peer: socket.socket, _: bytes) -> None:
    peer.close()


def breaks_off(peer: socket.socket, _: bytes) -> None:
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Type: application/json\r\n\r\n{")


def key_of(request: bytes) -> str:
    return next(line for line in request.decode().splitlines() if line.lower().startswith("idempotency-key"))


@pytest.mark.parametrize("fault", [hangs_up, breaks_off, says("503 Busy", b"")], ids=["hangs up", "breaks off", "503"])
def test_what_changes_something_is_sent_again_with_the_same_key(fault: Callable[[socket.socket, bytes], None]) -> None:
    answer = b'{"pool":"pool:core","lot":"lot_1","amount":{"amount":"5","nanos":"5000000000","unit":"USD"}}'
    with server(fault, fault, says("200 OK", answer)) as (url, asked), Client(url, "x", timeout_seconds=5) as bursar:
        assert bursar.send(operations.fund_pool("core", "$5")).lot == "lot_1"
    assert len(asked) == 3
    assert len({key_of(one) for one in asked}) == 1


async def test_the_asynchronous_client_does_so_too() -> None:
    answer = b'{"pool":"pool:core","lot":"lot_1","amount":{"amount":"5","nanos":"5000000000","unit":"USD"}}'
    with server(hangs_up, breaks_off, says("200 OK", answer)) as (url, asked):
        async with AsyncClient(url, "x", timeout_seconds=5) as bursar:
            assert (await bursar.send(operations.fund_pool("core", "$5"))).lot == "lot_1"
        assert len({key_of(one) for one in asked}) == 1


def test_whoever_never_answers_is_given_up_in_words() -> None:
    with server(hangs_up) as (url, asked), Client(url, "x", timeout_seconds=5) as bursar:
        with pytest.raises(Unavailable, match="does not answer"):
            bursar.send(operations.list_pools())
        assert MAX_ATTEMPTS <= len(asked) <= 2 * MAX_ATTEMPTS
    with Client("http://127.0.0.1:9", "x") as bursar, pytest.raises(Unavailable, match="does not answer"):
        bursar.send(operations.list_pools())


async def test_nor_does_the_asynchronous_client_wait_for_ever() -> None:
    async with AsyncClient("http://127.0.0.1:9", "x") as bursar:
        with pytest.raises(Unavailable, match="does not answer"):
            await bursar.send(operations.list_pools())


def test_a_redirect_is_not_followed_with_the_token() -> None:
    with server(says("302 Found", b"", "Location: http://127.0.0.1:1/")) as (url, asked):
        with Client(url, "x", timeout_seconds=5) as bursar, pytest.raises(Exception, match="302"):
            bursar.send(operations.list_pools())
        assert len(asked) == 1


def test_a_page_that_is_no_api_is_said_in_words() -> None:
    with (
        server(says("200 OK", b"<html>hello</html>")) as (url, _),
        Client(url, "x", timeout_seconds=5) as bursar,
        pytest.raises(Conflict, match="not what this client knows"),
    ):
        bursar.send(operations.list_pools())
