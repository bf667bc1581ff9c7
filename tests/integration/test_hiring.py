"""Who is hired has what tool plans have for them at once, where the organisation has opened that; never pay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bursar.office import audit, openings
from bursar.office.database import reading, transaction
from bursar.office.desk import Desk, initialise, open_desk
from bursar.office.figures import reports
from bursar.office.granting import grants, hiring
from bursar.office.settings import Settings
from bursar.office.terms import rollout
from bursar.office.workforce import provisioning
from bursar.office.workforce.provisioning import Wish
from bursar.plans.check import load

TOOL = """\
bursar: plan/1
name: {name}
title: AI tools
class: {kind}
for: {{team: [core]}}
allotment: {{every: month, proration: none}}
tiers:
  - {{name: senior, when: {{level: [L5]}}, amount: $300}}
otherwise: {{name: everybody, amount: $100}}
limit: {{then: [stop]}}
notice: {{adjust: 30 days, reduce: 30 days, revoke: 30 days}}
statements:
  tax: {tax}
  expectations: None.
  visibility: Your manager sees totals.
  rate_limits: Those of the providers.
  changes: People team.
  approval_time: Within a day.
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    settings = Settings(home=tmp_path / "home")
    initialise(settings)
    found = open_desk(settings, actor="test")
    rollout.apply_plan(found, load(TOOL.format(name="tools", kind="provisioned_tool", tax="A tool; not taxed.")))
    yield found
    found.close()


def opened(desk: Desk) -> None:
    with transaction(desk.engine) as connection:
        openings.change(connection, "grants-on-hire", to=True, by="test", now=desk.now())


def has(desk: Desk, handle: str) -> list[tuple[str, str]]:
    with reading(desk.engine) as connection:
        found = grants.listed(connection, person=desk.person(handle)["id"])
    return [(one.plan, one.history.segments[0].tier) for one in found]


def test_nobody_is_given_anything_until_an_owner_opens_it(desk: Desk) -> None:
    desk.add_person("ada", team="core")
    assert has(desk, "ada") == []


def test_whoever_is_hired_by_hand_by_a_file_or_by_a_directory_has_a_wallet_and_can_have_a_key_at_once(
    desk: Desk,
) -> None:
    opened(desk)
    desk.add_person("ada", team="core", level="L5")
    assert desk.import_people("handle,team\nben,core\nzoe,web\n")["granted"] == 1
    provisioning.create(desk, Wish("cy@example.com", fields={"team": "core", "level": "L5"}))
    provisioning.create(desk, Wish("gone@example.com", active=False, fields={"team": "core"}))
    assert [has(desk, one) for one in ("ada", "ben", "cy")] == [
        [("tools", "senior")], [("tools", "everybody")], [("tools", "senior")]
    ]  # fmt: skip
    assert (has(desk, "zoe"), has(desk, "gone")) == ([], [])
    assert reports.balance(desk, "cy")["available_nanos"] == 300 * 10**9
    assert desk.issue_key("cy")["token"].startswith("bur_live_")
    with reading(desk.engine) as connection:
        assert "grant.give" in [one["action"] for one in audit.lines(connection)]


def test_what_begins_later_begins_with_the_first_day(desk: Desk) -> None:
    opened(desk)
    desk.add_person("ada", team="core", hire_date="2099-01-05")
    assert has(desk, "ada") == [("tools", "everybody")]
    assert reports.balance(desk, "ada")["available_nanos"] == 0


def test_a_benefit_is_promised_by_a_person_and_never_by_a_hire(desk: Desk) -> None:
    opened(desk)
    rollout.apply_plan(
        desk, load(TOOL.format(name="perk", kind="benefit", tax="Personal use is taxed as pay each month."))
    )
    desk.add_person("ada", team="core")
    assert has(desk, "ada") == [("tools", "everybody")]


def test_terms_that_leave_a_question_open_stop_nobody_from_being_hired_and_the_audit_log_says_why(desk: Desk) -> None:
    opened(desk)
    text = TOOL.format(name="open", kind="provisioned_tool", tax="").replace("  tax: \n", "")
    rollout.apply_plan(desk, load(text))
    desk.add_person("ada", team="core")
    assert has(desk, "ada") == [("tools", "everybody")]
    with reading(desk.engine) as connection:
        (line,) = audit.lines(connection, action="person.hire")
    assert "twelve answers" in line["detail"]["refused"]["open"]


def test_a_whole_house_that_moves_in_is_no_hire(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(desk)
    monkeypatch.setattr(hiring, "MAX_AT_ONCE", 2)
    assert desk.import_people("handle,team\na,core\nb,core\nc,core\n")["granted"] == 0
    assert has(desk, "a") == []
