"""A provider's bill held against charges: every difference has a name, and nothing is explained twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bursar.exchange.provider_bills.matching import Charged, Known, Matched, Observed, match, part_of, place_of
from bursar.exchange.provider_bills.sharing import shared
from bursar.exchange.provider_bills.values import Line, plus
from bursar.prices import Usage

DAY, NEXT, MODEL = "2026-11-03", "2026-11-04", "gpt-4o"
DAYS = frozenset({DAY, NEXT})
OURS = {"key_gateway": ""}


def line(
    tokens: int, output: int = 0, *, key: str = "key_gateway", day: str = DAY, requests: int | None = None
) -> Line:
    return Line(day, MODEL, Usage(input=tokens, output=output), key=key, requests=requests)


def charge(
    tokens: int, output: int = 0, *, name: str = "c1", status: str = "exact", day: str = DAY, person: str = "ada"
) -> Charged:
    return Charged(name, person, day, MODEL, Usage(input=tokens, output=output), status)


def compare(lines: list[Line], charges: list[Charged], **known: object) -> Matched:
    given_known = {"owners": OURS, "days": DAYS, **known}
    return match("openai", lines, charges, Known(**given_known))  # type: ignore[arg-type]


def kinds(found: Matched) -> list[str]:
    return [one.kind for one in found.findings]


def test_equal_figures_need_no_explanation_however_reasoning_is_counted() -> None:
    found = compare(
        [line(100, 60)],
        [Charged("c1", "ada", DAY, MODEL, Usage(input=60, output=10, reasoning=20)), charge(40, 30, name="c2")],
    )
    assert found.findings == ()
    assert [(one.told, one.charged, one.charges) for one in found.cells] == [
        (Usage(input=100, output=60), Usage(input=100, output=60), 2)
    ]


@pytest.mark.parametrize("status", ["estimated", "unresolved"])
def test_a_charge_that_was_not_known_gets_the_providers_figures(status: str) -> None:
    found = compare([line(150, 70)], [charge(100, 50), charge(40, 90, name="c2", status=status)])
    (one,) = found.findings
    assert (one.kind, one.charge, one.usage, one.before) == (
        status,
        "c2",
        Usage(input=50, output=20),
        Usage(input=40, output=90),
    )


def test_two_estimates_of_a_day_share_what_is_left_by_their_sizes() -> None:
    found = compare([line(101)], [charge(30, name="c1", status="estimated"), charge(60, name="c2", status="estimated")])
    assert [(one.charge, one.usage.input) for one in found.findings] == [("c1", 34), ("c2", 67)]


def test_a_hold_that_nobody_settled_and_nobody_billed_becomes_nothing() -> None:
    unresolved = Charged("c2", "ada", DAY, MODEL, Usage(), "unresolved", amount_nanos=5_000)
    (one,) = compare([line(100)], [charge(100), unresolved]).findings
    assert (one.kind, one.charge, one.usage) == ("unresolved", "c2", Usage())


def test_an_estimate_is_left_alone_where_the_provider_counts_more_requests_than_were_charged() -> None:
    found = compare([line(900, requests=3)], [charge(100), charge(40, name="c2", status="estimated")])
    (one,) = found.findings
    assert (one.kind, one.usage.input) == ("suspense", 760)


def test_another_key_is_its_owners_use_and_without_an_owner_it_waits() -> None:
    lines = [line(100), line(30, key="key_ada"), line(20, key="key_who")]
    found = compare(lines, [charge(100)], owners={**OURS, "key_ada": "ada"})
    assert [(one.kind, one.person, one.key, one.usage.input) for one in found.findings] == [
        ("outside", "ada", "key_ada", 30),
        ("suspense", "", "key_who", 20),
    ]


def test_what_was_charged_from_the_bill_before_is_not_charged_again() -> None:
    place = part_of(place_of("openai", DAY, MODEL, "key_ada"), "ada")
    before = replace(charge(30, name="outside:1"), place=place, key="key_ada")
    owners = {**OURS, "key_ada": "ada"}
    assert compare([line(100), line(30, key="key_ada")], [charge(100), before], owners=owners).findings == ()
    (one,) = compare([line(100), line(45, key="key_ada")], [charge(100), before], owners=owners).findings
    assert (one.kind, one.charge, one.usage.input, one.before.input) == ("outside", "outside:1", 45, 30)


def test_a_place_that_telemetry_split_is_not_split_again() -> None:
    seen = [Observed("ada", DAY, MODEL, Usage(input=30))]
    lines = [line(100), line(40, key="key_who")]
    first = compare(lines, [charge(100)], observed=seen)
    assert [(one.kind, one.person, one.usage.input) for one in first.findings] == [
        ("outside", "ada", 30),
        ("suspense", "", 10),
    ]
    made = [
        Charged(one.place, "ada", DAY, MODEL, one.usage, place=one.place, key=one.key) for one in first.of("outside")
    ]
    again = compare(lines, [charge(100), *made], observed=seen)
    assert again.findings == first.of("suspense"), "what nobody owns does not fall to whoever else used the key"


def test_what_was_dismissed_stays_dismissed_until_it_grows() -> None:
    place = place_of("openai", DAY, MODEL, "key_who")
    settled = {place: Usage(input=20)}
    assert compare([line(20, key="key_who")], [], dismissed=settled).findings == ()
    assert kinds(compare([line(21, key="key_who")], [], dismissed=settled)) == ["suspense"]


def test_telemetry_says_whose_it_was_and_explains_one_thing_only() -> None:
    seen = [Observed("ada", DAY, MODEL, Usage(input=30)), Observed("ben", DAY, MODEL, Usage(input=500))]
    found = compare([line(140)], [charge(100)], observed=seen)
    assert [(one.kind, one.person, one.usage.input) for one in found.findings] == [
        ("outside", "ada", 30),
        ("suspense", "", 10),
    ]


def test_telemetry_of_somebody_whose_key_is_on_the_bill_is_not_counted_a_second_time() -> None:
    seen = [Observed("ada", DAY, MODEL, Usage(input=30))]
    lines = [line(130), line(30, key="key_ada")]
    found = compare(lines, [charge(100)], owners={**OURS, "key_ada": "ada"}, observed=seen)
    assert [(one.kind, one.person) for one in found.findings] == [("outside", "ada"), ("suspense", "")]


def test_a_request_over_midnight_is_explained_by_the_day_beside_it() -> None:
    found = compare([line(100), line(250, day=NEXT)], [charge(150), charge(200, name="c2", day=NEXT)])
    assert kinds(found) == ["midnight"]


def test_a_day_that_the_provider_has_not_told_of_is_late_and_nothing_else() -> None:
    assert kinds(compare([], [charge(100)], days=frozenset({NEXT}))) == ["late"]


def test_a_day_that_was_hardly_over_is_read_again_before_anything_is_made_of_it() -> None:
    growing = frozenset({DAY})
    estimate = charge(40, name="c2", status="estimated")
    assert kinds(compare([line(90)], [charge(100), estimate], growing=growing)) == ["late"]
    assert kinds(compare([line(150)], [charge(100)], growing=growing)) == ["late"]
    assert kinds(compare([line(100)], [charge(100)], growing=growing)) == []


def test_more_charged_than_billed_is_never_explained_away() -> None:
    found = compare([line(90)], [charge(100)])
    assert [(one.kind, one.usage.input) for one in found.findings] == [("unexplained", -10)]


def test_without_being_told_the_gateways_keys_are_those_that_fit_the_charges() -> None:
    lines = [line(100, key="a"), line(100, key="a", day=NEXT), line(5, key="b")]
    found = match("openai", lines, [charge(100), charge(100, name="c2", day=NEXT)], Known(days=DAYS))
    assert (found.gateway_keys, found.assumed) == (frozenset({"a"}), True)
    assert [(one.kind, one.key) for one in found.findings] == [("suspense", "b")]


counts = some.integers(0, 10**12)
usages = some.builds(Usage, input=counts, cache_read=counts, output=counts)


@given(usages, some.lists(usages, min_size=1, max_size=8))
def test_shares_add_up_to_what_is_shared_in_every_field(total: Usage, estimates: list[Usage]) -> None:
    parts = shared(total, estimates)
    found = Usage()
    for one in parts:
        found = plus(found, one)
    assert len(parts) == len(estimates)
    assert found == total


@given(some.lists(some.tuples(some.sampled_from(["exact", "estimated", "unresolved"]), usages), max_size=6), usages)
def test_what_a_reconciliation_asks_for_makes_the_bill_and_the_charges_agree(
    made: list[tuple[str, Usage]], beyond: Usage
) -> None:
    charges = [Charged(f"c{nth}", "ada", DAY, MODEL, usage, status) for nth, (status, usage) in enumerate(made)]
    told = beyond
    for one in charges:
        if one.status == "exact":
            told = plus(told, one.usage)
    lines = [Line(DAY, MODEL, told, key="key_gateway")]
    first = compare(lines, charges)
    after = {charge.id: charge for charge in charges}
    for finding in first.findings:
        if finding.charge:
            after[finding.charge] = replace(after[finding.charge], usage=finding.usage, status="reconciled")
        elif finding.kind == "suspense":
            place = part_of(finding.place, "ben")
            after[place] = Charged(place, "ben", DAY, MODEL, finding.usage, place=place)
    assert "unexplained" not in kinds(first)
    assert compare(lines, list(after.values())).findings == ()
