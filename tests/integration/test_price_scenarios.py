"""Other prices for the last weeks of a house, on both engines: what each change moves, and what a promise will buy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.books import NANO, Books

from bursar.errors import InvalidInput
from bursar.office.catalogue import pricing
from bursar.office.database import transaction
from bursar.office.figures.price_scenarios import changes_of, family_of, scenario

pytest_plugins = ("tests.postgres",)
DAYS = [f"2026-03-{day:02}T10:00" for day in range(5, 15)]


@pytest.fixture
def books(migrated_url: str, tmp_path: Path) -> Iterator[Books]:
    found = Books(tmp_path / "home", migrated_url, "2026-03-15")
    with transaction(found.desk.engine) as connection:
        pricing.pin(connection, found.clock)
    ada, ben = found.person("ada"), found.person("ben")
    found.release(ada, 20, "2026-03-01", "2026-04-01")
    found.release(ben, 100, "2026-03-01", "2026-04-01")
    found.release(ben, 3_000_000, "2026-03-01", "2026-04-01", unit="tokens:claude")
    for day in DAYS:
        found.charge(ada, 1, day, model="claude-opus-4-1")
        found.charge(ben, 1, day, "openai", model="gpt-5.1")
    yield found
    found.close()


def test_a_falling_family_makes_dollars_buy_more_and_promised_tokens_worth_less(books: Books) -> None:
    found = scenario(books.desk, changes_of("claude", "-30%"))
    assert (found.sums.list_before, found.sums.list_after) == (20 * NANO, 17 * NANO)
    assert (found.sums.cost_before, found.sums.cost_after) == (18 * NANO, 15_300_000_000)
    dollars, tokens = found.held
    assert (dollars.open, dollars.value_before) == (100 * NANO, 100 * NANO)
    assert dollars.value_after == round(100 * NANO * 20 / 17)
    # 10 requests of 1,100 tokens came to $10: a token was worth 1/1100 of a dollar.
    assert tokens.value_before == 3_000_000 * NANO * 10 // 11_000
    assert tokens.value_after == 3_000_000 * NANO * 7 // 11_000
    name, worth = found.worths[0]
    assert (name, worth.factor) == ("this scenario", pytest.approx(0.85))


def test_cheaper_models_make_purses_last(books: Books) -> None:
    found = scenario(books.desk, changes_of(moves=["claude-opus-4-1=claude-haiku-4-5"]))
    # Ada has ten dollars and uses one third of a dollar a day of the window.
    assert found.purses.days_before is not None
    assert found.purses.days_after is not None
    assert found.purses.days_after > found.purses.days_before
    assert found.unpriced == ()
    opus = next(one for one in found.models if one.model == "claude-opus-4-1")
    assert opus.sums.list_after == round(opus.sums.list_before / 15)  # $15 and $75 against $1 and $5
    assert scenario(books.desk, changes_of(moves=["claude-opus-4-1=no-such-model"])).unpriced == ("no-such-model",)


def test_a_contract_is_of_the_list_price_and_nothing_else_moves(books: Books) -> None:
    found = scenario(books.desk, changes_of(contracts=["openai=40%"]))
    assert found.sums.list_after == found.sums.list_before
    assert found.sums.cost_after == 9 * NANO + 6 * NANO


def test_what_is_asked_wrongly_is_named() -> None:
    for field, asked in (
        ("change", {"family": "claude"}),
        ("family", {"change": "-30%"}),
        ("change", {"family": "claude", "change": "-100%"}),
        ("change", {"family": "claude", "change": "much"}),
        ("change", {"family": "claude", "change": "NaN"}),
        ("contract", {"contracts": ["anthropic"]}),
        ("contract", {"contracts": ["anthropic=101%"]}),
        ("move", {"moves": ["a"]}),
        ("move", {"moves": ["a="]}),
        ("change", {"moves": ["a=b"] * 21}),
    ):
        with pytest.raises(InvalidInput) as error:
            changes_of(**asked)
        assert error.value.field == field


def test_a_family_is_the_name_before_the_version() -> None:
    assert [family_of(one) for one in ("claude-sonnet-4-5", "gpt-5.1", "gemini-2.5-pro", "o3", "7b")] == [
        "claude-sonnet",
        "gpt",
        "gemini",
        "o3",
        "7b",
    ]


def test_the_trend_of_a_family_needs_months(books: Books) -> None:
    (claude, gpt) = sorted(scenario(books.desk, ()).trends, key=lambda one: one.family)
    assert (claude.yearly, gpt.yearly) == (None, None)
    ada = books.desk.person("ada")["id"]
    for month, dollars in (("04", 0.5), ("05", 0.25), ("06", 0.125)):
        books.go_to(f"2026-{month}-20")
        books.charge(ada, dollars, f"2026-{month}-19T10:00", model="claude-opus-4-1")
    found = next(one for one in scenario(books.desk, ()).trends if one.family == "claude-opus")
    assert found.yearly == pytest.approx(0.5**12, rel=0.3)


def test_a_page_tells_no_model_that_a_few_people_use(books: Books) -> None:
    rows, trends = scenario(books.desk, ()).told()
    assert ([one.model for one in rows], trends) == (["models of fewer than 5 people"], [])
    assert rows[0].sums.list_before == 20 * NANO
    for number in range(5):
        books.charge(books.person(f"p{number}"), 1, DAYS[-1], "google", model="gemini-2.5-pro")
    books.clock += 60_000_000
    found = scenario(books.desk, ())
    # With the two others there would be five only together with those who are many: they hide among them.
    names = {one.model for one in found.told()[0]}
    assert names <= {"gemini-2.5-pro", "models of fewer than 5 people"}
