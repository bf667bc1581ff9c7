"""A provider's bill on finance's pages, end to end: real requests through the gateway, and the stand-in's own account of them."""

from __future__ import annotations

import csv
import html
import io
import re
import time
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from tests.support.console import ConsoleHouse, console_house

from bursar.demo.provider.administration import SeatHolder
from bursar.office import months
from bursar.office.books import bills
from bursar.office.granting import seats

PROVIDER = "openai"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleHouse]:
    with console_house(tmp_path_factory.mktemp("bills")) as found:
        for _ in range(3):
            found.spend()
        yield found


def plain(answer: httpx.Response) -> str:
    """A page without its marks, in one line."""
    assert answer.status_code == 200, (answer.url, answer.status_code, answer.text[:1500])
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.text)))


def until(tab: httpx.Client, path: str, words: str) -> str:
    for _ in range(600):
        said = plain(tab.get(path))
        if words in said:
            return said
        time.sleep(0.1)
    raise AssertionError(f"{path} never said {words!r}: {said[:1500]}")


def test_finance_reads_a_bill_sets_it_right_and_resolves_what_nobody_owns(house: ConsoleHouse) -> None:
    provider, month = house.house.provider, months.month_of(house.desk.now())
    here = f"/finance/reconciliation/bills/{PROVIDER}/{month}"
    with house.client("finance") as tab, house.client("auditor") as auditor:
        assert "No provider's bill has been read yet" in plain(tab.get("/finance/reconciliation"))
        assert "has told nothing" in plain(tab.get(here))
        bills.set_admin(house.desk, PROVIDER, "sk-admin", base_url=provider.base_url)
        assert house.send(tab, f"{here}/read", at=here).status_code == 303
        assert "3 requests" not in until(tab, here, "Everything agrees to the token")

        # Somebody uses a key that the house does not know.
        line = next(one for one in provider.bill.lines if one.provider == PROVIDER)
        provider.past = [replace(line, id="past", key="apikey_shadow")]
        assert house.send(tab, f"{here}/read", at=here).status_code == 303
        said = until(tab, here, "Every difference has a reason")
        assert "Past the gateway, nobody's" in said
        assert "apikey_shadow" in said
        rows = list(csv.reader(io.StringIO(tab.get(f"{here}/findings.csv").text, newline="")))
        assert [row[0] for row in rows[1:]] == ["suspense"]

        # The auditor sees all of it and changes nothing.
        assert "apikey_shadow" in plain(auditor.get(here))
        assert "Set it right" not in plain(auditor.get(here))
        assert house.send(auditor, f"{here}/apply", at="/account").status_code == 403

        assert house.send(tab, f"{here}/apply", at=here).status_code == 303
        said = plain(tab.get("/finance/reconciliation"))
        assert "that nobody owns" in said
        place = re.search(r"/suspense/([0-9a-f]+)", tab.get("/finance/reconciliation").text)
        assert place is not None
        entry = f"/finance/reconciliation/suspense/{place[1]}"
        assert "nobody is known to own this key" in plain(tab.get(entry))
        wrong = house.send(tab, f"{entry}/attribute", at=entry, person="nobody-of-that-name")
        assert wrong.status_code == 404
        assert house.send(tab, f"{entry}/dismiss", at=entry, reason=" ").status_code == 422
        spent = house.house.balance("ada")["spent_nanos"]
        done = house.send(tab, f"{entry}/attribute", at=entry, person="ada", note="her notebook", own_key="yes")
        assert done.status_code == 303
        assert house.house.balance("ada")["spent_nanos"] > spent
        assert "attributed" in plain(tab.get(entry))
        assert "her notebook" in plain(auditor.get(entry))
        assert "Everything agrees to the token" in plain(tab.get(here))
        assert house.send(tab, f"{entry}/dismiss", at="/account", reason="again").status_code == 409


def test_a_bill_that_is_cut_changes_nothing_and_the_page_says_why(house: ConsoleHouse) -> None:
    month = months.month_of(house.desk.now())
    here = f"/finance/reconciliation/bills/{PROVIDER}/{month}"
    bills.set_admin(house.desk, PROVIDER, "sk-admin", base_url=house.house.provider.base_url)
    house.house.provider.administration.faults.cut_page = 1
    try:
        with house.client("finance") as tab:
            before = plain(tab.get(here)).count("administration,")
            assert house.send(tab, f"{here}/read", at=here).status_code == 303
            said = until(tab, here, "The bill could not be read")
            assert "page 1: found a page that was cut" in said
            assert said.count("administration,") == before
    finally:
        house.house.provider.administration.faults.cut_page = 0


def test_seats_stand_beside_the_allotments_that_pay_them(house: ConsoleHouse) -> None:
    provider = house.house.provider
    provider.administration.seats = [
        SeatHolder("ada", "", "2026-01-05", "2026-02-01"),
        SeatHolder("octocat", "", "2026-01-05"),
    ]
    seats.add(house.desk, "ada", "copilot", "$19")
    bills.set_admin(house.desk, "copilot", "ghp_x", base_url=provider.base_url, account="acme")
    with house.client("finance") as tab:
        assert "No vendor has told of any seat yet" in plain(tab.get("/finance/billed-seats"))
        assert house.send(tab, "/finance/billed-seats/copilot/read", at="/finance/billed-seats").status_code == 303
        said = until(tab, "/finance/billed-seats", "billed and paid idle")
        assert "octocat copilot octocat nobody of the roster" in said
        assert "bills/copilot" not in tab.get("/finance/reconciliation").text
