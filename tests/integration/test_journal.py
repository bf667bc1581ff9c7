"""The journal of months on both engines: what a close freezes stays, late use is a correction of the next month, purchases roll on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.books import NANO, Books, at

from bursar.errors import Conflict, InvalidInput
from bursar.exchange.journal import Journal
from bursar.ledger import LotTerms, Release
from bursar.office import standing
from bursar.office.books import chart, closes, journals
from bursar.office.figures.exposure import BY_HAND

pytest_plugins = ("tests.postgres",)
CHART = """
bursar: books/1
providers: {anthropic: prepaid}
cost_centres: {platform: CC-100}
purchases:
  - {day: 2026-01-03, provider: anthropic, amount: $200}
"""


@pytest.fixture
def books(migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    """January of 2026 with two people, one of whom has a lot of her own money; seen from February."""
    monkeypatch.setattr(standing, "QUICK_SECONDS", 1_000.0)
    found = Books(tmp_path / "home", migrated_url, "2026-01-01")
    ada, ben = found.person("ada", "platform"), found.person("ben", "payments")
    found.people = {"ada": ada, "ben": ben}
    found.release(ada, 100, "2026-01-01", "2027-01-01")
    found.go_to("2026-01-15")
    found.charge(ada, 30, "2026-01-10T12:00")
    found.charge(ada, 10, "2026-01-11T12:00", purpose="personal")
    found.charge(ben, 5, "2026-01-12T12:00", provider="openai")
    chart.replace(found.desk, CHART)
    found.go_to("2026-02-03")
    yield found
    found.close()


def close(books: Books, month: str) -> None:
    closes.close(books.desk, month, "", lambda done, whole: None)


def sides(journal: Journal, kind: str = "usage") -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for entry in journal.entries:
        if entry.kind == kind:
            for line in entry.lines:
                key = (line.role, line.cost_centre)
                found[key] = found.get(key, 0) + line.nanos
    return found


def test_the_journal_of_a_closed_month_is_what_its_preview_was_and_stays_it(books: Books) -> None:
    preview = journals.journal(books.desk, "2026-01")
    assert sides(preview) == {
        ("expense", "CC-100"): 27 * NANO,
        ("compensation", "CC-100"): 9 * NANO,
        ("expense", "payments"): 45 * NANO // 10,
        ("prepaid", ""): -36 * NANO,
        ("payable", ""): -45 * NANO // 10,
    }
    assert {one for entry in preview.entries for line in entry.lines if line.origin for one in line.origin.classes} == {
        "by_hand",
        "overage",
    }
    close(books, "2026-01")
    frozen = journals.journal(books.desk, "2026-01")
    assert (frozen.entries, frozen.closed, preview.closed) == (preview.entries, True, False)
    assert frozen.memo.prepaid_closing == (200 - 36) * NANO
    # Late use, another chart, another team: the closed month's journal is the same to the last line.
    books.charge(books.people["ada"], 20, "2026-01-20T12:00")
    chart.replace(books.desk, CHART.replace("CC-100", "CC-900").replace("$200", "$300"))
    books.desk.change_person("ada", team="search")
    assert journals.journal(books.desk, "2026-01") == frozen


def test_what_comes_late_is_a_correction_in_the_next_month_that_names_the_month_it_concerns(books: Books) -> None:
    close(books, "2026-01")
    ada = books.people["ada"]
    books.charge(ada, 20, "2026-01-20T12:00", purpose="personal")
    books.charge(ada, 1, "2026-02-01T12:00")
    chart.replace(books.desk, CHART.replace("$200", "$250"))
    books.go_to("2026-03-03")
    preview = journals.journal(books.desk, "2026-02")
    close(books, "2026-02")
    february = journals.journal(books.desk, "2026-02")
    assert february.entries == preview.entries
    assert sides(february) == {("expense", "CC-100"): 9 * NANO // 10, ("prepaid", ""): -9 * NANO // 10}
    corrections = [one for one in february.entries if one.kind == "correction"]
    assert all("2026-01" in one.narration for one in corrections)
    # Eighteen dollars of use, and a purchase that was 250 and not 200.
    assert sides(february, "correction") == {
        ("compensation", "CC-100"): 18 * NANO,
        ("prepaid", ""): (50 - 18) * NANO,
        ("cash", ""): -50 * NANO,
    }
    assert february.memo.prepaid_opening == journals.journal(books.desk, "2026-01").memo.prepaid_closing
    assert february.memo.prepaid_closing == 250 * NANO - 36 * NANO - 18 * NANO - 9 * NANO // 10


def test_a_journal_as_of_a_day_is_the_one_that_was_in_force_then(books: Books) -> None:
    close(books, "2026-01")
    first = journals.journal(books.desk, "2026-01")
    books.go_to("2026-02-10")
    closes.reopen(books.desk, "2026-01", "an invoice was missing")
    books.charge(books.people["ada"], 20, "2026-01-20T12:00")
    with pytest.raises(Conflict, match="January 2026 was not closed then"):
        journals.journal(books.desk, "2026-01", at("2026-02-11"))
    books.go_to("2026-02-12")
    close(books, "2026-01")
    assert journals.journal(books.desk, "2026-01", at("2026-02-05")) == first
    assert journals.journal(books.desk, "2026-01") != first
    with pytest.raises(Conflict, match="was not closed then"):
        journals.journal(books.desk, "2026-01", at("2026-02-01"))


def test_what_accumulates_is_accrued_at_cost_and_reversed_in_the_next_month(books: Books) -> None:
    text = CHART + f"accrual: {{plans: [{BY_HAND!r}], use: 50%}}\n"
    chart.replace(books.desk, text)
    preview = journals.journal(books.desk, "2026-01")
    close(books, "2026-01")
    january = journals.journal(books.desk, "2026-01")
    assert january.entries == preview.entries
    # Sixty dollars are left, half of it will be used, at nine tenths of list.
    assert sides(january, "accrual")[("accrued", "")] == -27 * NANO
    february = journals.journal(books.desk, "2026-02")
    assert sides(february, "reversal") == {("accrual", ""): -27 * NANO, ("accrued", ""): 27 * NANO}


def test_lots_of_several_classes_share_the_cost_as_they_were_drawn(books: Books) -> None:
    ada = books.people["ada"]
    terms = LotTerms("own_money:ada:2026-01:0", "USD", 4 * NANO, at("2026-01-16"), at("2026-03-01"))
    books.apply(Release("release:own", ada, terms), at("2026-01-16"))
    books.charge(ada, 10, "2026-01-20T12:00", purpose="personal")
    # Of twenty dollars of personal use four come out of her own pay, at list; nine tenths of them are the employer's cost.
    assert sides(journals.journal(books.desk, "2026-01")) == {
        ("expense", "CC-100"): 27 * NANO,
        ("compensation", "CC-100"): (20 - 4) * 9 * NANO // 10,
        ("employees", ""): 4 * NANO,
        ("recharge", ""): -4 * NANO // 10,
        ("expense", "payments"): 45 * NANO // 10,
        ("prepaid", ""): -(30 + 20) * 9 * NANO // 10,
        ("payable", ""): -45 * NANO // 10,
    }


def test_a_chart_that_is_wrong_changes_nothing(books: Books) -> None:
    before = journals.journal(books.desk, "2026-01")
    with pytest.raises(InvalidInput, match=r"providers.x"):
        chart.replace(books.desk, CHART.replace("{anthropic: prepaid}", "{x: nowhere}"))
    with pytest.raises(InvalidInput, match=r"chart: found nothing"):
        chart.replace(books.desk, "  \n")
    assert not chart.replace(books.desk, CHART)
    assert journals.journal(books.desk, "2026-01") == before
