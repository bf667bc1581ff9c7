"""The Open Cap Format in and out: files and objects, what is refused and under which path, the schemas we carry."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from bursar.errors import InvalidInput
from bursar.exchange.ocf import (
    MAX_FILE_BYTES,
    VestingTransaction,
    facts_of,
    read_terms,
    read_terms_file,
    read_transaction,
    read_transactions_file,
    write_terms,
    write_terms_file,
    write_transaction,
    write_transactions_file,
)
from bursar.exchange.ocf_validation import SCHEMAS
from bursar.money import NANO
from bursar.plans.vesting import (
    Absolute,
    Accelerated,
    Days,
    Event,
    Fact,
    Happened,
    Months,
    Portion,
    Relative,
    Start,
    Started,
    VestingCondition,
    VestingTerms,
    check,
    schedule,
)

Document = dict[str, Any]
DAY = date(2025, 1, 31)


def document() -> Document:
    """Terms in which every field of OCF occurs."""
    return {
        "id": "every-field",
        "object_type": "VESTING_TERMS",
        "comments": ["seen by the board"],
        "name": "Every field",
        "description": "A bonus, monthly instalments, a deadline and a sale",
        "allocation_type": "BACK_LOADED",
        "vesting_conditions": [
            {
                "id": "start",
                "description": "",
                "quantity": "0.5",
                "trigger": {"type": "VESTING_START_DATE"},
                "next_condition_ids": ["late", "monthly"],
            },
            {
                "id": "monthly",
                "portion": {"numerator": "1", "denominator": "12", "remainder": True},
                "trigger": {
                    "type": "VESTING_SCHEDULE_RELATIVE",
                    "period": {
                        "type": "MONTHS",
                        "length": 1,
                        "occurrences": 12,
                        "day_of_month": "29_OR_LAST_DAY_OF_MONTH",
                        "cliff_installment": 3,
                    },
                    "relative_to_condition_id": "start",
                },
                "next_condition_ids": ["weekly"],
            },
            {
                "id": "weekly",
                "portion": {"numerator": "1", "denominator": "4"},
                "trigger": {
                    "type": "VESTING_SCHEDULE_RELATIVE",
                    "period": {"type": "DAYS", "length": 7, "occurrences": 2},
                    "relative_to_condition_id": "monthly",
                },
                "next_condition_ids": ["sale"],
            },
            {
                "id": "sale",
                "portion": {"numerator": "1", "denominator": "1", "remainder": True},
                "trigger": {"type": "VESTING_EVENT"},
                "next_condition_ids": [],
            },
            {
                "id": "late",
                "quantity": "0",
                "trigger": {"type": "VESTING_SCHEDULE_ABSOLUTE", "date": "2030-12-31"},
                "next_condition_ids": [],
            },
        ],
    }


def test_every_field_becomes_our_value() -> None:
    start, monthly, weekly, sale, late = read_terms(document()).conditions
    assert start == VestingCondition("start", Start(), None, NANO // 2, ("late", "monthly"), "")
    assert monthly.trigger == Relative(Months(1, 12, 29, 3), "start")
    assert monthly.portion == Portion(1, 12, remainder=True)
    assert weekly.trigger == Relative(Days(7, 2), "monthly")
    assert sale.trigger == Event()
    assert late.trigger == Absolute(date(2030, 12, 31))
    terms = read_terms(document())
    assert (terms.id, terms.allocation, terms.comments) == ("every-field", "BACK_LOADED", ("seen by the board",))


def test_every_field_comes_out_as_it_went_in() -> None:
    assert write_terms(read_terms(document())) == document()


@pytest.mark.parametrize("day", [*range(1, 32), None])
def test_each_day_of_the_month_comes_out_as_it_went_in(day: int | None) -> None:
    condition = VestingCondition("a", Relative(Months(1, 1, day), "a"), Portion(1, 1))
    terms = VestingTerms("t", "T", "", "FRACTIONAL", (condition,))
    assert read_terms(write_terms(terms)) == terms


def test_decimals_of_a_portion_are_scaled_to_integers() -> None:
    changed = document()
    changed["vesting_conditions"][2]["portion"] = {"numerator": "12.5", "denominator": "+100.00"}
    assert read_terms(changed).conditions[2].portion == Portion(1250, 10_000)


def test_the_short_form_can_be_exported() -> None:
    for terms in (
        schedule(over="4 years", every="month", cliff="1 year"),
        schedule(shares=[10, 20, 30, 40]),
        schedule(on_event="launch", deadline="2 years"),
    ):
        assert read_terms_file(write_terms_file([terms])) == (terms,)


def test_a_reference_to_nowhere_is_read_and_left_to_the_check() -> None:
    changed = document()
    changed["vesting_conditions"][2]["trigger"]["relative_to_condition_id"] = "cliff"
    assert "no condition is named 'cliff'" in str(check(read_terms(changed))[0])


def replaced(*where: str | int, value: Any) -> Callable[[Document], None]:
    def change(terms: Document) -> None:
        inner: Any = terms
        for part in where[:-1]:
            inner = inner[part]
        if value is None:
            del inner[where[-1]]
        else:
            inner[where[-1]] = value

    return change


CONDITION = "vesting_conditions"
PERIOD = (CONDITION, 1, "trigger", "period")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (replaced("name", value=None), "name"),
        (replaced("name", value=5), "name"),
        (replaced("id", value=None), "id"),
        (replaced("colour", value="red"), "colour"),
        (replaced("object_type", value="TX_VESTING_START"), "object_type"),
        (replaced("allocation_type", value="ROUNDED"), "allocation_type"),
        (replaced("comments", value=["a", 1]), "comments[1]"),
        (replaced(CONDITION, value=[]), CONDITION),
        (replaced(CONDITION, value={}), CONDITION),
        (replaced(CONDITION, 0, value="start"), "vesting_conditions[0]"),
        (replaced(CONDITION, 0, "id", value=""), "vesting_conditions[0].id"),
        (replaced(CONDITION, 1, "id", value="start"), "vesting_conditions[1].id"),
        (replaced(CONDITION, 0, "quantity", value=None), "vesting_conditions[0]"),
        (replaced(CONDITION, 1, "quantity", value="1"), "vesting_conditions[1]"),
        (replaced(CONDITION, 0, "quantity", value=1), "vesting_conditions[0].quantity"),
        (replaced(CONDITION, 0, "quantity", value="1,000"), "vesting_conditions[0].quantity"),
        (replaced(CONDITION, 0, "quantity", value="-1"), "vesting_conditions[0].quantity"),
        (replaced(CONDITION, 0, "quantity", value="0.0000000001"), "vesting_conditions[0].quantity"),
        (replaced(CONDITION, 0, "quantity", value="9" * 5000), "vesting_conditions[0].quantity"),
        (replaced(CONDITION, 0, "quantity", value="9" * 20), "vesting_conditions[0].quantity"),
        (replaced(CONDITION, 1, "portion", "denominator", value="0"), "vesting_conditions[1].portion.denominator"),
        (replaced(CONDITION, 1, "portion", "numerator", value="13"), "vesting_conditions[1].portion.numerator"),
        (replaced(CONDITION, 1, "portion", "remainder", value="no"), "vesting_conditions[1].portion.remainder"),
        (replaced(CONDITION, 1, "next_condition_ids", value=["a", "a"]), "vesting_conditions[1].next_condition_ids"),
        (replaced(CONDITION, 1, "trigger", value=7), "vesting_conditions[1].trigger"),
        (replaced(CONDITION, 1, "trigger", "type", value="VESTING_SOON"), "vesting_conditions[1].trigger.type"),
        (replaced(CONDITION, 1, "trigger", "type", value=None), "vesting_conditions[1].trigger.type"),
        (
            replaced(CONDITION, 1, "trigger", "relative_to_condition_id", value=None),
            "vesting_conditions[1].trigger.relative_to_condition_id",
        ),
        (replaced(CONDITION, 4, "trigger", "date", value="2030-02-30"), "vesting_conditions[4].trigger.date"),
        (replaced(CONDITION, 4, "trigger", "date", value="0030-02-03"), "vesting_conditions[4].trigger.date"),
        (replaced(*PERIOD, "type", value="YEARS"), "vesting_conditions[1].trigger.period.type"),
        (replaced(*PERIOD, "type", value="DAYS"), "vesting_conditions[1].trigger.period.day_of_month"),
        (replaced(*PERIOD, "day_of_month", value="29"), "vesting_conditions[1].trigger.period.day_of_month"),
        (replaced(*PERIOD, "day_of_month", value=None), "vesting_conditions[1].trigger.period.day_of_month"),
        (replaced(*PERIOD, "length", value=-1), "vesting_conditions[1].trigger.period.length"),
        (replaced(*PERIOD, "length", value=10**30), "vesting_conditions[1].trigger.period.length"),
        (replaced(*PERIOD, "length", value=1.5), "vesting_conditions[1].trigger.period.length"),
        (replaced(*PERIOD, "occurrences", value=0), "vesting_conditions[1].trigger.period.occurrences"),
        (replaced(*PERIOD, "occurrences", value=True), "vesting_conditions[1].trigger.period.occurrences"),
        (replaced(*PERIOD, "cliff_installment", value=-1), "vesting_conditions[1].trigger.period.cliff_installment"),
    ],
)
def test_each_wrong_field_is_named_by_its_path(change: Callable[[Document], None], field: str) -> None:
    changed = document()
    change(changed)
    with pytest.raises(InvalidInput) as refused:
        read_terms(changed)
    assert refused.value.field == field
    with pytest.raises(InvalidInput) as refused:
        read_terms_file(json.dumps({"file_type": "OCF_VESTING_TERMS_FILE", "items": [document(), changed]}))
    assert refused.value.field == f"items[1].{field}"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "file"),
        ("{", "file"),
        (b"\xff\xfe1", "file"),
        ("[" * 200_000, "file"),
        (" " * (MAX_FILE_BYTES + 1), "file"),
        ("[]", "document"),
        ("{}", "file_type"),
        ('{"file_type": "OCF_STAKEHOLDERS_FILE", "items": []}', "file_type"),
        ('{"file_type": "OCF_VESTING_TERMS_FILE"}', "items"),
        ('{"file_type": "OCF_VESTING_TERMS_FILE", "items": {}}', "items"),
        ('{"file_type": "OCF_VESTING_TERMS_FILE", "items": [], "more": 1}', "more"),
    ],
)
def test_a_file_that_is_none_is_refused(text: str | bytes, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_terms_file(text)
    assert refused.value.field == field


def test_two_terms_of_one_file_need_ids_of_their_own() -> None:
    with pytest.raises(InvalidInput) as refused:
        read_terms_file(json.dumps({"file_type": "OCF_VESTING_TERMS_FILE", "items": [document(), document()]}))
    assert refused.value.field == "items[1].id"


@pytest.mark.parametrize(
    ("fact", "written"),
    [
        (Started("start", DAY), {"object_type": "TX_VESTING_START", "vesting_condition_id": "start"}),
        (Happened("sale", DAY), {"object_type": "TX_VESTING_EVENT", "vesting_condition_id": "sale"}),
        (
            Accelerated(1_500_000_000, DAY, "sold"),
            {"object_type": "TX_VESTING_ACCELERATION", "quantity": "1.5", "reason_text": "sold"},
        ),
    ],
)
def test_facts_are_transactions(fact: Fact, written: Document) -> None:
    transaction = VestingTransaction("tx-1", "grant-1", fact, ("noted",))
    expected = {"id": "tx-1", "security_id": "grant-1", "date": "2025-01-31", "comments": ["noted"], **written}
    assert write_transaction(transaction) == expected
    assert read_transaction(expected) == transaction
    assert read_transactions_file(write_transactions_file([transaction])) == (transaction,)


@pytest.mark.parametrize("quantity", [None, Portion(1, 2)])
def test_an_acceleration_goes_out_as_what_it_came_to(quantity: Portion | None) -> None:
    with pytest.raises(InvalidInput, match="OCF records what an acceleration came to"):
        write_transaction(VestingTransaction("tx", "grant", Accelerated(quantity, DAY, "")))


def test_other_transactions_of_a_file_are_passed_over() -> None:
    start = write_transaction(VestingTransaction("tx-1", "ours", Started("start", DAY)))
    other = write_transaction(VestingTransaction("tx-2", "theirs", Happened("sale", DAY)))
    text = json.dumps(
        {"file_type": "OCF_TRANSACTIONS_FILE", "items": [{"object_type": "TX_STOCK_ISSUANCE"}, start, other]}
    )
    assert facts_of("ours", read_transactions_file(text)) == (Started("start", DAY),)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"object_type": "TX_VESTING_SOON"}, "object_type"),
        ({"object_type": ["TX_VESTING_START"]}, "object_type"),
        ({"date": "yesterday"}, "date"),
        ({"date": "1066-10-14"}, "date"),
        ({"security_id": None}, "security_id"),
        ({"quantity": "1"}, "quantity"),
        ({"object_type": "TX_VESTING_ACCELERATION"}, "vesting_condition_id"),
        ({"date": None}, "date"),
    ],
)
def test_each_wrong_field_of_a_transaction_is_named(changes: Document, field: str) -> None:
    changed = write_transaction(VestingTransaction("tx-1", "grant-1", Started("start", DAY))) | changes
    with pytest.raises(InvalidInput) as refused:
        read_transaction(changed, "items[7]")
    assert refused.value.field == f"items[7].{field}"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"file_type": "OCF_TRANSACTIONS_FILE"}', "items"),
        ('{"file_type": "OCF_TRANSACTIONS_FILE", "items": [1]}', "items[0].object_type"),
        ('{"file_type": "OCF_VESTING_TERMS_FILE", "items": []}', "file_type"),
        ('{"file_type": "OCF_TRANSACTIONS_FILE", "items": [{"object_type": "TX_VESTING_EVENT"}]}', "items[0].id"),
    ],
)
def test_a_file_of_transactions_that_is_none_is_refused(text: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_transactions_file(text)
    assert refused.value.field == field


def test_the_schemas_are_complete_and_carry_the_notice_that_their_licence_asks_for() -> None:
    folder = Path(str(SCHEMAS))
    known = {}
    for each in folder.rglob("*.json"):
        schema = json.loads(each.read_text())
        known[schema["$id"]] = schema
        assert schema["$comment"].startswith("Copyright ©")
        assert schema["$comment"].endswith(each.relative_to(folder.parent).as_posix())
    assert len(known) == 27
    assert {each for schema in known.values() for each in referred(schema)} <= set(known)
    assert (files("bursar.exchange") / "ocf_schemas" / "LICENSE.md").is_file()
    assert "d5226fb5" in (files("bursar.exchange") / "ocf_schemas" / "NOTICE").read_text()


def referred(schema: Any) -> list[str]:
    if isinstance(schema, dict):
        here = [schema["$ref"]] if "$ref" in schema else []
        return here + [each for inner in schema.values() for each in referred(inner)]
    return [each for inner in schema for each in referred(inner)] if isinstance(schema, list) else []
