"""Who may see and do what: the table says it, the decision follows it, and the reference shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bursar.errors import Forbidden, InvalidInput, NotFound
from bursar.office.access import (
    ROLES,
    TABLE,
    Actor,
    Role,
    Subject,
    action,
    allow,
    missing,
    page,
    reach,
    require,
    visitors_may,
)
from bursar.office.access.decision import _indexed
from bursar.office.access.vocabulary import Action

ROOT = Path(__file__).resolve().parents[2]


def actor(*roles: Role, person: str = "per_me", narrowed: frozenset[str] | None = None) -> Actor:
    return Actor("acc_me", person, "org_1", frozenset(roles), narrowed=narrowed)


ME = Subject("org_1", "per_me", ("per_boss",))
REPORT = Subject("org_1", "per_report", ("per_me", "per_boss"))
REPORT_OF_REPORT = Subject("org_1", "per_far", ("per_report", "per_me", "per_boss"))
PEER = Subject("org_1", "per_peer", ("per_boss",))
STRANGER = Subject("org_2", "per_me", ("per_me",))
EVERYBODY = Subject("org_1")


def test_an_action_that_is_not_in_the_table_cannot_be_asked_for() -> None:
    with pytest.raises(InvalidInput) as caught:
        action("walet.read")
    assert caught.value.field == "action"
    assert "wallet.read" in caught.value.hint


def test_a_person_sees_themselves_and_nobody_else() -> None:
    me = actor("person")
    for name in ("wallet.read", "usage.read", "tax.read", "pay.read", "reads.read", "burn.read"):
        assert allow(me, action(name), ME).allowed
        assert not allow(me, action(name), PEER).allowed
        assert not allow(me, action(name), EVERYBODY).allowed


def test_a_manager_sees_the_burn_of_direct_and_indirect_reports_and_nothing_of_how_they_work() -> None:
    me = actor("person", "manager")
    for subject in (REPORT, REPORT_OF_REPORT):
        assert allow(me, action("burn.read"), subject).allowed
        assert allow(me, action("topup.decide"), subject).allowed
        for name in ("usage.read", "running.read", "wallet.read", "pay.read", "tax.read", "key.read"):
            assert not allow(me, action(name), subject).allowed, name
    assert not allow(me, action("burn.read"), PEER).allowed


def test_payroll_sees_taxable_amounts_and_not_what_they_were_used_for() -> None:
    me = actor("payroll")
    assert allow(me, action("tax.read"), PEER).allowed
    for name in ("usage.read", "burn.read", "wallet.read", "statement.read", "traffic.read", "spend.read", "pay.read"):
        assert not allow(me, action(name), PEER).allowed, name


def test_the_platform_team_sees_traffic_and_hints_of_keys_and_no_pay() -> None:
    me = actor("platform")
    assert allow(me, action("traffic.read"), EVERYBODY).allowed
    assert allow(me, action("key.read"), PEER).allowed
    for name in ("pay.read", "ratio.read", "grant.read", "wallet.read", "terms.read", "tax.read"):
        assert not allow(me, action(name), PEER).allowed, name


def test_an_auditor_reads_everything_and_changes_nothing() -> None:
    me = actor("auditor", person="")
    for row in TABLE:
        if row.about != "account":
            assert allow(me, row, PEER).allowed == (row.kind == "read"), row.name


def test_an_owner_gives_roles_and_sees_no_figures_of_people() -> None:
    me = actor("owner", person="")
    assert allow(me, action("account.manage"), EVERYBODY).allowed
    seen = {row.name for row in TABLE if row.about == "person" and row.kind == "read" and allow(me, row, PEER).allowed}
    assert seen == {"person.read"}


def test_only_owners_give_roles() -> None:
    assert set(action("account.manage").scopes) == {"owner"}


def test_an_approver_whom_the_plan_names_decides_about_that_request_and_no_other() -> None:
    me = actor("person")
    asked = Subject("org_1", "per_peer", ("per_boss",), frozenset({"per_me"}))
    assert allow(me, action("topup.decide"), asked).allowed
    assert allow(me, action("topup.read"), asked).allowed
    assert not allow(me, action("wallet.read"), asked).allowed
    assert not allow(me, action("topup.decide"), PEER).allowed
    assert allow(me, action("topup.read"), ME).allowed


@pytest.mark.parametrize("name", ["topup.decide", "grant.give", "person.change"])
def test_nobody_puts_a_hand_into_their_own_till(name: str) -> None:
    everything = actor(*ROLES)
    named = Subject("org_1", "per_me", ("per_me",), frozenset({"per_me"}))
    for subject in (ME, named):
        with pytest.raises(Forbidden, match="nobody does"):
            require(everything, action(name), subject)
    assert allow(everything, action(name), PEER).allowed


def test_the_same_id_in_another_organisation_is_somebody_else() -> None:
    for row in TABLE:
        decision = allow(actor(*ROLES), row, STRANGER)
        assert not decision.allowed
        assert not decision.seen


def test_without_a_person_nobody_is_meant_by_nobody() -> None:
    me = actor("person", "manager", person="")
    nobody = Subject("org_1", "", ("",), frozenset({""}))
    for row in TABLE:
        if row.about == "person":
            assert not allow(me, row, nobody).allowed, row.name


def test_a_sign_in_is_its_own_accounts_affair() -> None:
    mine, other = Subject("org_1", account="acc_me"), Subject("org_1", account="acc_other")
    for name in ("signin.manage", "token.manage", "work.follow"):
        assert allow(actor("auditor", person=""), action(name), mine).allowed
        assert not allow(actor(*ROLES), action(name), other).allowed
        assert not allow(actor(*ROLES), action(name), ME).allowed


def test_who_may_not_know_of_somebody_gets_the_answer_for_nobody() -> None:
    with pytest.raises(NotFound) as unseen:
        require(actor("person"), action("wallet.read"), PEER, named="peer")
    assert (unseen.value.sentence, unseen.value.hint) == (missing("peer").sentence, missing("peer").hint)
    with pytest.raises(NotFound):
        require(actor(*ROLES), action("wallet.read"), STRANGER, named="peer")


def test_who_knows_of_somebody_is_told_which_role_it_takes() -> None:
    with pytest.raises(Forbidden, match="compensation, auditor"):
        require(actor("person", "manager"), action("wallet.read"), REPORT)
    with pytest.raises(Forbidden, match=r"may do key\.issue"):
        require(actor("platform"), action("key.issue"), PEER)
    with pytest.raises(Forbidden, match=r"books\.close takes a role"):
        require(actor("person"), action("books.close"), EVERYBODY)
    with pytest.raises(Forbidden):
        require(actor(), action("wallet.read"), ME)


def test_a_token_does_what_its_scopes_name_and_its_account_may() -> None:
    narrow = frozenset({"wallet.read", "books.close", "token.manage", "account.manage"})
    me = actor("person", "owner", narrowed=narrow)
    assert allow(me, action("wallet.read"), ME).allowed
    assert not allow(me, action("books.close"), EVERYBODY).allowed
    with pytest.raises(Forbidden, match=r"scopes do not hold usage\.read"):
        require(me, action("usage.read"), ME)


def test_a_token_never_makes_tokens_nor_accounts_whatever_its_scopes() -> None:
    me = actor(*ROLES, narrowed=frozenset(row.name for row in TABLE))
    for name, subject in (
        ("token.manage", Subject("org_1", account="acc_me")),
        ("signin.manage", Subject("org_1", account="acc_me")),
        ("account.manage", EVERYBODY),
        ("setting.change", EVERYBODY),
    ):
        assert not allow(me, action(name), subject).allowed
        assert reach(me, action(name)) == frozenset()
        with pytest.raises(Forbidden, match="no API token"):
            require(me, action(name), subject)


def test_a_token_for_other_things_learns_nothing_about_who_there_is() -> None:
    me = actor("auditor", narrowed=frozenset({"price.read"}))
    with pytest.raises(NotFound):
        require(me, action("wallet.read"), PEER, named="peer")


def test_the_narrowest_role_carries_the_decision() -> None:
    me = actor("person", "manager", "auditor")
    assert allow(me, action("burn.read"), ME).role == "person"
    assert allow(me, action("burn.read"), REPORT).role == "manager"
    assert allow(me, action("burn.read"), PEER).role == "auditor"


def test_a_menu_shows_what_can_be_reached_at_all() -> None:
    assert reach(actor("person", "manager"), action("burn.read")) == {"own", "team"}
    assert reach(actor("person"), action("plan.apply")) == frozenset()
    assert reach(actor("person", narrowed=frozenset({"burn.read"})), action("wallet.read")) == frozenset()


def test_visitors_evaluate_offers_where_the_organisation_opened_that_and_nothing_else() -> None:
    assert [row.name for row in TABLE if visitors_may(row, opened=True)] == ["offer.evaluate"]
    assert not any(visitors_may(row, opened=False) for row in TABLE)


def test_figures_of_people_that_others_may_read_are_logged() -> None:
    unlogged = {
        row.name
        for row in TABLE
        if row.about == "person" and row.kind == "read" and set(row.scopes) - {"person"} and not row.logged
    }
    assert unlogged == {"mix.read", "person.read", "pool.read"}  # sums, records and pools: nobody's own figures


@pytest.mark.parametrize(
    "row",
    [
        Action("price.read", "organisation", "read", "Again.", {}, "No reason."),
        Action("new.read", "organisation", "read", "A new one.", {}, ""),
        Action("new.read", "organisation", "read", "A new one.", {"person": "own"}, "Of what?"),
        Action("new.read", "account", "read", "A new one.", {"owner": "organisation"}, "Why?"),
        Action("new.read", "person", "read", "A new one.", {"king": "organisation"}, "Why?"),  # type: ignore[dict-item]
    ],
)
def test_a_row_that_cannot_be_meant_stops_the_house(row: Action) -> None:
    with pytest.raises(ValueError, match="access table"):
        _indexed((*TABLE, row))


def test_the_reference_of_roles_is_up_to_date() -> None:
    told = (ROOT / "docs" / "reference" / "roles.md").read_text()
    assert told == page(), "write it anew: bursar account roles --markdown > docs/reference/roles.md"
    assert all(f"`{row.name}`" in told and row.why in told for row in TABLE)
