"""The published vesting cases, OCF's own samples, and the examples that OCF's explainer works out in words.

The explainer's terms and facts are written out here by hand (docs/explainers/VestingTerms.md at d5226fb5), so that they
are tried in every clone; the vectors and OCF's sample files are not part of one.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from tests.support.profile import SHARED, WHY_NO_SHARED

from bursar.exchange.ocf import (
    facts_of,
    read_terms,
    read_terms_file,
    read_transaction,
    read_transactions_file,
    write_terms_file,
    write_transactions_file,
)
from bursar.money import NANO
from bursar.plans.vesting import (
    Accelerated,
    Event,
    Fact,
    Happened,
    Portion,
    Started,
    VestingCondition,
    VestingTerms,
    check,
    schedule,
    tranches,
)

FAR = date(2999, 12, 31)
SAMPLES = SHARED / "data" / "ocf" / "samples"
needs_shared = pytest.mark.skipif(not (SHARED / "data").exists(), reason=WHY_NO_SHARED)
START_DAY = "VESTING_START_DAY_OR_LAST_DAY_OF_MONTH"


def released(terms: VestingTerms, units: int, facts: list[Fact], until: date = FAR) -> dict[str, float]:
    """Whole units (exact in a float at this size) by date."""
    return {str(each.date): each.amount / NANO for each in tranches(terms, units * NANO, facts, until)}


def condition(name: str, portion: str, trigger: dict[str, Any], *follows: str) -> dict[str, Any]:
    numerator, denominator = portion.split("/")
    return {
        "id": name,
        "portion": {"numerator": numerator, "denominator": denominator},
        "trigger": trigger,
        "next_condition_ids": list(follows),
    }


def months(length: int, occurrences: int, relative_to: str) -> dict[str, Any]:
    period = {"length": length, "type": "MONTHS", "occurrences": occurrences, "day_of_month": START_DAY}
    return {"type": "VESTING_SCHEDULE_RELATIVE", "period": period, "relative_to_condition_id": relative_to}


def terms_of(*conditions: dict[str, Any]) -> VestingTerms:
    terms = read_terms(
        {
            "id": "example",
            "object_type": "VESTING_TERMS",
            "name": "Example",
            "description": "By hand",
            "allocation_type": "CUMULATIVE_ROUNDING",
            "vesting_conditions": list(conditions),
        }
    )
    assert check(terms) == []
    return terms


def fact(kind: str, name: str, day: str) -> Fact:
    written = {"object_type": kind, "id": "tx", "security_id": "s", "date": day, "vesting_condition_id": name}
    return read_transaction(written).fact


def start(name: str, *follows: str) -> dict[str, Any]:
    return condition(name, "0/1", {"type": "VESTING_START_DATE"}, *follows)


class TestTheExplainer:
    DEADLINES = terms_of(
        start("vesting-start", "relative-expiration", "absolute-expiration", "qualifying-sale"),
        condition("relative-expiration", "0/1", months(36, 1, "vesting-start")),
        condition("absolute-expiration", "0/1", {"type": "VESTING_SCHEDULE_ABSOLUTE", "date": "2025-01-01"}),
        condition("qualifying-sale", "1/1", {"type": "VESTING_EVENT"}),
    )

    def test_example_1_all_or_nothing(self) -> None:
        terms = terms_of(condition("qualifying-sale", "1/1", {"type": "VESTING_EVENT"}))
        sale = fact("TX_VESTING_EVENT", "qualifying-sale", "2022-07-14")
        assert released(terms, 500, []) == {}
        assert released(terms, 500, [sale]) == {"2022-07-14": 500}

    @pytest.mark.parametrize(
        ("begun", "sold", "expected"),
        [
            ("2021-01-01", "2023-12-31", {"2023-12-31": 500}),
            ("2021-01-01", "2024-01-01", {}),
            ("2023-07-01", "2024-12-31", {"2024-12-31": 500}),
            ("2023-07-01", "2025-01-01", {}),
            ("2023-07-01", "2026-06-30", {}),
        ],
    )
    def test_example_2_an_event_with_two_deadlines(self, begun: str, sold: str, expected: dict[str, float]) -> None:
        facts = [
            fact("TX_VESTING_START", "vesting-start", begun),
            fact("TX_VESTING_EVENT", "qualifying-sale", sold),
        ]
        assert released(self.DEADLINES, 500, facts) == expected

    def test_example_3_four_years_with_a_cliff_of_one(self) -> None:
        terms = terms_of(
            start("vesting-start", "cliff"),
            condition("cliff", "12/48", months(12, 1, "vesting-start"), "monthly-thereafter"),
            condition("monthly-thereafter", "1/48", months(1, 36, "cliff")),
        )
        found = released(terms, 480, [fact("TX_VESTING_START", "vesting-start", "2021-01-30")])
        # The explainer's text says the cliff is on "2022-01-31" once, where it means its own rule: the 30th.
        assert list(found.items())[:3] == [("2022-01-30", 120), ("2022-02-28", 10), ("2022-03-30", 10)]
        assert found["2024-02-29"] == 10
        assert {day[-2:] for day in found if day[5:7] != "02"} == {"30"}
        assert list(found)[-1] == "2025-01-30"
        assert len(found) == 37
        assert sum(found.values()) == 480


def vector(beginning: str) -> dict[str, Any]:
    cases = json.loads((SHARED / "data" / "ledger-vectors.json").read_text())["suites"]["vesting"]
    found: dict[str, Any] = next(case for case in cases if case["name"].startswith(beginning))
    return found


@needs_shared
class TestTheVectors:
    @pytest.mark.parametrize("beginning", ["18 units", "1000 units"])
    def test_all_rounding_types(self, beginning: str) -> None:
        case = vector(beginning)
        count = case["input"]["tranches"]
        begun: list[Fact] = [Started("vesting-start", date(2025, 1, 31))]
        for allocation, expected in case["expected"].items():
            terms = schedule(over=f"{count} months", every="month", allocation=allocation)
            found = released(terms, case["input"]["quantity"], begun)
            assert list(found.values()) == [float(each) for each in expected], allocation

    def test_an_event_with_two_deadlines(self) -> None:
        case = vector("event with two deadlines")
        for given, expected in zip(case["input"], case["expected"], strict=True):
            begun = fact("TX_VESTING_START", "vesting-start", given["start"])
            dead = date.fromisoformat(expected["dead_on"])
            in_time = Happened("qualifying-sale", date.fromordinal(dead.toordinal() - 1))
            assert released(TestTheExplainer.DEADLINES, 10, [begun, in_time]) == {str(in_time.date): 10}
            assert released(TestTheExplainer.DEADLINES, 10, [begun, Happened("qualifying-sale", dead)]) == {}

    def test_a_portion_of_the_remainder(self) -> None:
        case = vector("portion of remainder")
        numerator, denominator = map(int, case["input"]["portion"].split("/"))
        for remainder, expected in ((False, "remainder_false"), (True, "remainder_true")):
            first = VestingCondition("a", Event(), None, case["input"]["vested"] * NANO, ("b",))
            portion = Portion(numerator, denominator, remainder)
            terms = VestingTerms("t", "T", "", "CUMULATIVE_ROUNDING", (first, VestingCondition("b", Event(), portion)))
            facts: list[Fact] = [Happened("a", date(2025, 1, 1)), Happened("b", date(2025, 2, 1))]
            assert released(terms, case["input"]["granted"], facts)["2025-02-01"] == case["expected"][expected]

    def test_six_years_back_loaded_sum_to_one(self) -> None:
        terms = sample("6-yr-option-back-loaded")
        begun: list[Fact] = [Started("vesting-start", date(2020, 2, 29))]
        assert vector("six-year")["expected"] == "1"
        assert check(terms) == []
        for units in (10_000, 9_999, 1):
            found = released(terms, units, begun)
            assert sum(found.values()) == units
            assert list(found)[-1] == "2026-02-28"

    def test_five_sales_and_a_double_trigger(self) -> None:
        case = vector("multi-tranche events")
        names = {"sale-1": "100k-sale-1", "sale-2": "100k-sale-2", "double-trigger": "double-trigger-acceleration"}
        facts: list[Fact] = [Started("vesting-start", date(2025, 1, 1))]
        vested = []
        for month, event in enumerate(case["input"]["events"], start=2):
            facts.append(Happened(names[event], date(2025, month, 1)))
            vested.append(sum(released(sample("multi-tranche-event-based"), case["input"]["quantity"], facts).values()))
        assert vested == case["expected"]["vested"]

    def test_a_dangling_reference_is_found(self) -> None:
        assert vector("dangling reference")["expected"] == "lint error"
        document = json.loads((SAMPLES / "VestingTerms.ocf.json").read_text())["items"][0]
        document["vesting_conditions"][2]["trigger"]["relative_to_condition_id"] = "the-cliff"
        problems = [str(each) for each in check(read_terms(document))]
        assert problems == ["conditions[2].trigger.relative_to: no condition is named 'the-cliff'"]

    def test_g05_of_the_golden_figures(self) -> None:
        golden = json.loads((SHARED / "data" / "golden.json").read_text())["G05_vest"]
        terms = schedule(over="48 months", every="month", cliff="12 months")
        begun: list[Fact] = [Started("vesting-start", date(2025, 1, 1))]

        def vested(month: str) -> float:
            years, months = divmod(int(month), 12)
            return sum(released(terms, 48_000, begun, date(2025 + years, 1 + months, 1)).values())

        assert {month: vested(month) for month in golden["schedule"]} == golden["schedule"]
        leaving = golden["leave_m20_consumed_14000"]
        assert vested("20") == leaving["vested"]
        assert 48_000 - vested("20") == leaving["unvested_forfeited"]


def sample(name: str) -> VestingTerms:
    return next(each for each in read_terms_file(read_sample("VestingTerms.ocf.json")) if each.id == name)


def read_sample(name: str) -> str:
    return (SAMPLES / name).read_text(encoding="utf-8")


@needs_shared
class TestTheSamples:
    @pytest.mark.parametrize(
        "name", ["VestingTerms.ocf.json", "VestingTerms.example1.ocf.json", "VestingTerms.example2.ocf.json"]
    )
    def test_terms_come_out_as_they_went_in(self, name: str) -> None:
        terms = read_terms_file(read_sample(name))
        assert [problem for each in terms for problem in check(each)] == []
        # Writing validates. The one difference: `"remainder": false`, OCF's default, is not written.
        assert json.loads(write_terms_file(terms)) == without_defaults(json.loads(read_sample(name)))

    @pytest.mark.parametrize("name", ["VestingTransactions.examples.ocf.json", "Transactions.ocf.json"])
    def test_transactions_come_out_as_they_went_in(self, name: str) -> None:
        kinds = ("TX_VESTING_START", "TX_VESTING_EVENT", "TX_VESTING_ACCELERATION")
        original = json.loads(read_sample(name))["items"]
        transactions = read_transactions_file(read_sample(name))
        written = json.loads(write_transactions_file(transactions))["items"]
        assert written == [each for each in original if each["object_type"] in kinds]
        assert written != []

    def test_the_example_transactions_belong_to_the_example_terms(self) -> None:
        (terms,) = read_terms_file(read_sample("VestingTerms.example1.ocf.json"))
        facts = facts_of("vesting-ex-1", read_transactions_file(read_sample("VestingTransactions.examples.ocf.json")))
        events = [each for each in facts if isinstance(each, Happened)]
        assert released(terms, 500, list(events)) == {"2022-07-14": 500}

    def test_a_milestone_counts_only_after_the_one_before_it(self) -> None:
        terms = sample("path-dependent-milestone-vesting")
        begun = Started("vest-start", date(2015, 10, 1))
        accepted = Happened("qualified-fda-acceptance", date(2016, 9, 30))
        acquired = Happened("qualified-acquisition", date(2017, 3, 31))
        assert released(terms, 100, [begun, accepted, acquired]) == {"2016-09-30": 60, "2017-03-31": 40}
        assert released(terms, 100, [begun, acquired]) == {}
        assert released(terms, 100, [begun, Happened(accepted.condition, date(2016, 10, 1)), acquired]) == {}
        assert released(terms, 100, [begun, accepted, Happened(acquired.condition, date(2017, 4, 1))]) == {
            "2016-09-30": 60
        }

    def test_an_acceleration_beside_the_four_year_schedule(self) -> None:
        terms = sample("4yr-1yr-cliff-schedule")
        facts: list[Fact] = [
            Started("vesting-start", date(2021, 1, 30)),
            Accelerated(180 * NANO, date(2022, 2, 1), "half of the rest"),
        ]
        found = released(terms, 480, facts)
        assert list(found.values()) == [120, 180, *[5.0] * 36]


def without_defaults(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_defaults(each) for key, each in value.items() if (key, each) != ("remainder", False)}
    return [without_defaults(each) for each in value] if isinstance(value, list) else value
