"""What the faces share, where no socket is needed: return paths, cursors, form tokens, static names, words."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from tests.support.signing import VAULT

from bursar.console import words
from bursar.console.rendering import static
from bursar.errors import Conflict, InvalidInput, NotFound, Unavailable
from bursar.ledger import NEVER
from bursar.web import paging
from bursar.web.cookies import blank_cookie
from bursar.web.forms import form_token, token_fits
from bursar.web.problems import problem_of
from bursar.web.returning import path_back, with_return

COOKIE = blank_cookie(bytes(range(32)))


@given(st.text(max_size=60))
def test_whatever_is_asked_for_the_way_back_is_a_path_of_ours(text: str) -> None:
    for given_text in (text, f"/{text}", f"//{text}", f"/\\{text}"):
        found = path_back(given_text)
        assert found.startswith("/")
        assert not found.startswith(("//", "/\\"))
        assert "\\" not in found
        assert found.isprintable()


def test_a_way_back_keeps_its_question_and_never_leads_to_the_door() -> None:
    assert path_back("/usage?by=model&days=7") == "/usage?by=model&days=7"
    assert path_back("/sign-in?next=/usage") == "/"
    assert with_return("/sign-in", "/usage?by=model") == "/sign-in?next=%2Fusage%3Fby%3Dmodel"
    assert with_return("/sign-in", "//evil.example") == "/sign-in"


@given(st.integers(0, 2**62) | st.text(max_size=50))
def test_a_cursor_comes_back_as_it_was(cursor: int | str) -> None:
    assert paging.read(paging.written(cursor), type(cursor)) == cursor


@given(st.text(max_size=300))
def test_a_made_up_cursor_is_refused_in_words_or_means_another_place(text: str) -> None:
    try:
        found = paging.read(text, int)
    except InvalidInput as error:
        assert error.field == "after"  # noqa: PT017
    else:
        assert found is None or isinstance(found, int)


def test_a_slice_has_a_cursor_only_where_there_is_more() -> None:
    rows = list(range(10))
    cut = paging.sliced(rows, 4, lambda row: row)
    assert list(cut.rows) == [0, 1, 2, 3]
    assert paging.read(cut.next, int) == 3
    assert paging.sliced(rows, 10, lambda row: row).next == ""


def test_a_forms_token_fits_its_own_cookie_however_it_is_masked() -> None:
    one, two = form_token(VAULT, COOKIE), form_token(VAULT, COOKIE)
    assert one != two
    assert token_fits(VAULT, COOKIE, one)
    assert token_fits(VAULT, COOKIE, two)
    assert not token_fits(VAULT, blank_cookie(bytes(32)), one)
    assert not token_fits(VAULT, "", form_token(VAULT, ""))


@given(st.text(max_size=200))
def test_no_made_up_token_fits(text: str) -> None:
    assert not token_fits(VAULT, COOKIE, text)


def test_errors_become_problems_with_their_status_and_field() -> None:
    wrong = problem_of(InvalidInput("amount", "'x'", "an amount"))
    assert (wrong.status, wrong.faults[0].field, wrong.faults[0].expected) == (422, "amount", "an amount")
    assert problem_of(NotFound("gone")).status == 404
    assert problem_of(Conflict("taken")).status == 409
    assert (problem_of(Unavailable("busy")).status, problem_of(Unavailable("busy")).retry_seconds) == (503, 5)
    unexpected = problem_of(RuntimeError("secret"))
    assert unexpected.status == 500
    assert "secret" not in unexpected.sentence + unexpected.hint


def test_static_files_have_their_hash_in_their_name_and_are_packed() -> None:
    url = static().url("console.css")
    asked = Request({"type": "http", "headers": [(b"accept-encoding", b"gzip")], "method": "GET", "path": url})
    answer = static().answer(asked, url.removeprefix("/static/"))
    assert answer is not None
    assert answer.headers["content-encoding"] == "gzip"
    plain = Request({"type": "http", "headers": [], "method": "GET", "path": url})
    whole = static().answer(plain, url.removeprefix("/static/"))
    assert whole is not None
    assert b"--bc-paper" in bytes(whole.body)
    assert len(bytes(answer.body)) * 3 < len(bytes(whole.body))
    with pytest.raises(KeyError):
        static().url("nothing.css")


def test_the_stylesheet_names_no_colour_of_its_own() -> None:
    import re
    from importlib.resources import files

    folder = files("bursar.console").joinpath("static")
    for name in ("base.css", "layout.css", "parts.css"):
        text = folder.joinpath(name).read_text(encoding="utf-8")
        assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgb|\bhsl", text) == [], name


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (5, "less than a minute"),
        (60, "a minute"),
        (300, "five minutes"),
        (3_600, "one hour"),
        (7_200, "two hours"),
        (90_000, "one day"),
        (3 * 86_400, "three days"),
        (10 * 86_400, "ten days"),
        (20 * 86_400, "three weeks"),
        (100 * 86_400, "three months"),
        (800 * 86_400, "two years"),
    ],
)
def test_a_length_of_time_is_said_as_people_say_it(seconds: int, said: str) -> None:
    assert words.span(seconds) == said


@given(st.floats(0, 1e10))
def test_every_length_of_time_has_words(seconds: float) -> None:
    assert words.span(seconds)


def test_money_is_readable_with_the_exact_amount_beside_it() -> None:
    assert words.money(1_234_567_891) == ('<data class="sum" value="1234567891" title="$1.234567891">$1.23</data>')
    assert (
        words.money(-5_000_000_000, sign=True) == '<data class="sum" value="-5000000000" title="-$5.00">-$5.00</data>'
    )
    assert words.written_round(123_000_000_000) == "$123"


def test_an_instant_is_where_the_person_is_with_its_utc_beside_it() -> None:
    at = 1_795_281_537_000_000
    said = words.instant(at, ZoneInfo("Asia/Tokyo"), now=at)
    assert said == '<time datetime="2026-11-21T17:18:57Z" title="2026-11-21 17:18:57 UTC">22 Nov, 02:18</time>'
    assert "2026" in words.instant(at, ZoneInfo("UTC")).striptags()
    assert words.instant(NEVER, ZoneInfo("UTC")) == "never"


@pytest.mark.parametrize(
    ("part", "whole", "said"), [(0, 0, "0%"), (1, 1_000, "under 1%"), (1, 3, "33%"), (5, 5, "100%")]
)
def test_a_share_is_never_rounded_to_nothing(part: int, whole: int, said: str) -> None:
    assert words.percent(part, whole) == said


def test_a_browser_is_named_in_two_words() -> None:
    chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
    assert words.browser(chrome) == "Chrome on Linux"
    assert words.browser("curl/8.5") == "curl/8.5"
    assert words.browser("") == "an unnamed client"
