"""The console's process: it starts, follows, says no without a trace, and stops with streams open."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from tests.support.console import PASSWORD, add_account, console_house

from bursar.office.desk import initialise, open_desk
from bursar.office.settings import Settings
from bursar.web import Face, Problem
from bursar.web.desks import DATABASE_THREADS, Desks


def _failing() -> tuple[Face, ...]:
    """A face whose only page breaks in a way that nobody expected."""
    router = APIRouter()

    @router.get("/breaks")
    def breaks() -> str:
        raise RuntimeError("secret detail at /home/somebody/file.py: password=hunter2")

    @router.get("/breaks-late")
    async def late(request: Request) -> Response:
        raise RuntimeError("secret detail")

    def shows(request: Request, problem: Problem) -> Response:
        return PlainTextResponse(f"{problem.status} {problem.sentence} {request.state.request_id}", problem.status)

    return (Face("/broken", router, shows, lambda request: PlainTextResponse("who?", 401)),)


def test_what_nobody_expected_is_a_sentence_and_an_id_and_the_log_has_the_rest(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with console_house(tmp_path, faces=_failing) as house, house.client() as tab:
        for path in ("/broken/breaks", "/broken/breaks-late"):
            answer = tab.get(path)
            assert answer.status_code == 500
            assert "secret" not in answer.text
            assert "hunter2" not in answer.text
            assert answer.text.endswith(answer.headers["x-request-id"])
            assert answer.headers["content-security-policy"].startswith("default-src 'none'")
            assert answer.headers["x-request-id"] in caplog.text
        assert "RuntimeError: secret detail" in caplog.text
        assert tab.get("/healthz").status_code == 200


def test_it_stops_at_once_while_pages_are_open_and_says_goodbye_to_them(tmp_path: Path) -> None:
    lines: list[str] = []
    listening = threading.Event()
    with console_house(tmp_path) as house:
        tab = house.client("ada")

        def listen() -> None:
            with tab.stream("GET", "/live", timeout=20) as stream:
                for line in stream.iter_lines():
                    lines.append(line)
                    listening.set()

        thread = threading.Thread(target=listen)
        thread.start()
        assert listening.wait(10)
        began = time.monotonic()
    thread.join(10)
    assert not thread.is_alive()
    assert "event: closing" in lines
    assert time.monotonic() - began < 20
    tab.close()


def test_no_more_than_so_many_streams_of_one_account(tmp_path: Path) -> None:
    from contextlib import ExitStack

    from bursar.web.live import MAX_STREAMS_EACH

    with console_house(tmp_path) as house, ExitStack() as stack:
        tab = stack.enter_context(house.client("ada"))
        open_streams = []
        for _ in range(MAX_STREAMS_EACH):
            answer = stack.enter_context(tab.stream("GET", "/live"))
            assert answer.status_code == 200
            open_streams.append(answer.iter_lines())  # a stream that nobody holds is closed
            next(open_streams[-1])
        refused = tab.get("/live")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        other = stack.enter_context(house.client("grace"))
        assert other.get("/wallet").status_code == 200


def test_more_requests_than_desks_wait_for_their_turn(tmp_path: Path) -> None:
    with console_house(tmp_path) as house:
        cookie = house.session("ada")
        found: list[int] = []

        def ask() -> None:
            with httpx.Client(base_url=house.url, cookies={"bursar": cookie}, verify=False, timeout=30) as tab:
                found.extend(tab.get("/wallet").status_code for _ in range(3))

        threads = [threading.Thread(target=ask) for _ in range(DATABASE_THREADS * 3)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(60)
        assert found == [200] * (DATABASE_THREADS * 9)


def test_a_desk_belongs_to_one_request_at_a_time(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    initialise(settings)
    with Desks.open(settings) as desks:
        with desks.lend("one") as first, desks.lend("two") as second:
            assert first.store is not second.store
            assert (first.actor, second.actor) == ("one", "two")
        with desks.lend("three") as third:
            assert third.store in (first.store, second.store)


@pytest.mark.parametrize("arguments", [("console",), ("serve", "--console", "--port", "0")])
def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    settings = Settings(home=tmp_path)
    initialise(settings)
    desk = open_desk(settings, actor="test")
    desk.add_person("ada", name="Ada Abara")
    add_account(desk, "ada", person="ada")
    desk.close()
    more = ["--port", "0"] if arguments == ("console",) else []
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "bursar.cli", *arguments, *more],
        env={"BURSAR_HOME": str(tmp_path), "BURSAR_CONSOLE_PORT": "0", "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = next(line for line in process.stdout if "the console is on" in line)
    url = line.split("the console is on ")[1].strip()
    with httpx.Client(base_url=url, verify=False, timeout=20) as tab:
        token = re.findall(r'name="csrf" value="([0-9a-f]+)"', tab.get("/sign-in").text)[-1]
        entered = tab.post("/sign-in", data={"csrf": token, "login": "ada", "password": PASSWORD})
        assert entered.headers["location"] == "/"
        assert "No allotment is open" in tab.get("/").text
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert "stopped" in out
    assert "Traceback" not in err


def test_a_port_that_is_taken_is_a_sentence(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    initialise(settings)
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = subprocess.run(
            [sys.executable, "-m", "bursar.cli", "console", "--port", str(taken.getsockname()[1])],
            env={"BURSAR_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert done.returncode == 4
    assert "cannot listen on 127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr
