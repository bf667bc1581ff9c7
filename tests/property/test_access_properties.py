"""What holds for every actor, action and subject: nothing without a role, more roles never less, tokens only narrow."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bursar.office.access import ROLES, TABLE, Action, Actor, Role, Subject, allow, reach

PEOPLE = ("", "per_1", "per_2", "per_3")
ACCOUNTS = ("", "acc_1", "acc_2")
roles: st.SearchStrategy[frozenset[Role]] = st.frozensets(st.sampled_from(ROLES))
actions = st.sampled_from(TABLE)
scopes = st.frozensets(st.sampled_from([row.name for row in TABLE]))
actors = st.builds(
    Actor,
    account=st.sampled_from(ACCOUNTS[1:]),
    person=st.sampled_from(PEOPLE),
    organisation=st.sampled_from(("org_1", "org_2")),
    roles=roles,
    narrowed=st.none() | scopes,
)
subjects = st.builds(
    Subject,
    organisation=st.sampled_from(("org_1", "org_2")),
    person=st.sampled_from(PEOPLE),
    managers=st.lists(st.sampled_from(PEOPLE[1:]), max_size=3, unique=True).map(tuple),
    named=st.frozensets(st.sampled_from(PEOPLE[1:])),
    account=st.sampled_from(ACCOUNTS),
)


@given(actors, actions, subjects)
def test_without_a_role_of_the_row_nothing_is_granted(who: Actor, act: Action, subject: Subject) -> None:
    without = replace(who, roles=frozenset(who.roles) - act.scopes.keys())
    assert not allow(without, act, subject).allowed
    assert reach(without, act) == frozenset()


@given(actors, actions, subjects)
def test_a_grant_names_a_role_that_the_actor_has_and_the_row_names(who: Actor, act: Action, subject: Subject) -> None:
    decision = allow(who, act, subject)
    if decision.allowed:
        assert decision.role in who.roles
        assert act.scopes[decision.role] == decision.scope  # type: ignore[index]
        assert decision.scope in reach(who, act)
        assert who.organisation == subject.organisation
    else:
        assert decision.role is None
        assert decision.sentence


@given(actors, actions, subjects, roles)
def test_a_role_more_takes_nothing_away(who: Actor, act: Action, subject: Subject, more: frozenset[Role]) -> None:
    richer = replace(who, roles=who.roles | more)
    before, after = allow(who, act, subject), allow(richer, act, subject)
    assert after.allowed or not before.allowed
    assert after.seen or not before.seen


@given(actors, actions, subjects, scopes)
def test_a_token_only_narrows(who: Actor, act: Action, subject: Subject, names: frozenset[str]) -> None:
    narrower = names if who.narrowed is None else who.narrowed & names
    by_token = allow(replace(who, narrowed=narrower), act, subject)
    if by_token.allowed:
        assert allow(who, act, subject).allowed
        assert act.name in names
    assert not by_token.seen or allow(who, act, subject).seen


@given(actors, actions, subjects)
def test_a_subject_of_another_organisation_is_never_seen(who: Actor, act: Action, subject: Subject) -> None:
    if who.organisation != subject.organisation:
        decision = allow(who, act, subject)
        assert not decision.allowed
        assert not decision.seen


@given(actors, actions, subjects)
def test_a_team_right_ends_where_the_chain_of_managers_does(who: Actor, act: Action, subject: Subject) -> None:
    decision = allow(who, act, subject)
    if decision.scope == "team":
        assert who.person in subject.managers
        assert who.person != subject.person
    if decision.scope == "own":
        mine = (who.account, subject.account) if act.about == "account" else (who.person, subject.person)
        assert mine[0] == mine[1] != ""
