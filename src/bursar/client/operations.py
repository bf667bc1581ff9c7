"""Every operation of the API, as a call. Written by tools/write_client.py from the OpenAPI document; a test compares them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from bursar.client import shapes
from bursar.client.call import Call, Paged, content, questions, segment


def get_me() -> Call[shapes.Me]:
    """Who I am. The caller's account, person and roles, and what they allow at this instant."""
    return Call("getMe", "GET", "/me", shapes.Me)


def get_session() -> Call[shapes.SessionToken]:
    """My session's token against forgery. Changes that a cookie signs carry this header, so that no other site's
    page can send them. Tokens do without.
    """
    return Call("getSession", "GET", "/session", shapes.SessionToken)


def get_policy() -> Call[shapes.Policies]:
    """Who may see and do what. The access table: what is not in it is denied."""
    return Call("getPolicy", "GET", "/policy", shapes.Policies)


def list_tokens() -> Paged[shapes.TokenPage, shapes.Token]:
    """My API tokens. Every token of the caller's account, oldest first, without secrets."""
    return Paged("listTokens", "GET", "/tokens", shapes.TokenPage)


def issue_token(
    scopes: Sequence[str], *, label: str | None = None, days: int | None = None
) -> Call[shapes.IssuedToken]:
    """Make an API token. The secret is shown once. A token never allows more than its account, and cannot make
    another one.
    """
    return Call(
        "issueToken",
        "POST",
        "/tokens",
        shapes.IssuedToken,
        body=content({"scopes": scopes, "label": label, "days": days}),
        changes=True,
    )


def revoke_token(token: str) -> Call[None]:
    """End an API token. It stops at once. Somebody else's token is not found."""
    return Call("revokeToken", "DELETE", f"/tokens/{segment(token)}", type(None), changes=True)


def list_people(
    *, team: str | None = None, status: str | None = None, after: str | None = None, limit: int | None = None
) -> Paged[shapes.PersonPage, shapes.Person]:
    """People whom I may see. By handle: everybody for who answers for people or money, one's team for a manager,
    else oneself.
    """
    return Paged(
        "listPeople",
        "GET",
        "/people",
        shapes.PersonPage,
        query=questions({"team": team, "status": status, "after": after, "limit": limit}),
    )


def add_person(
    handle: str,
    *,
    name: str | None = None,
    email: str | None = None,
    team: str | None = None,
    level: str | None = None,
    job_family: str | None = None,
    role: str | None = None,
    location: str | None = None,
    zone: str | None = None,
    hire_date: str | None = None,
    manager: str | None = None,
) -> Call[shapes.Person]:
    """Add a person. Add somebody to the roster. Grants are given apart, unless the house has opened `grants-on-
    hire`.
    """
    return Call(
        "addPerson",
        "POST",
        "/people",
        shapes.Person,
        body=content(
            {
                "name": name,
                "email": email,
                "team": team,
                "level": level,
                "job_family": job_family,
                "role": role,
                "location": location,
                "zone": zone,
                "hire_date": hire_date,
                "manager": manager,
                "handle": handle,
            }
        ),
        changes=True,
    )


def get_person(person: str) -> Call[shapes.Person]:
    """A person. The roster's record of a person."""
    return Call("getPerson", "GET", f"/people/{segment(person)}", shapes.Person)


def change_person(
    person: str,
    *,
    name: str | None = None,
    email: str | None = None,
    team: str | None = None,
    level: str | None = None,
    job_family: str | None = None,
    role: str | None = None,
    location: str | None = None,
    zone: str | None = None,
    hire_date: str | None = None,
    manager: str | None = None,
    handle: str | None = None,
) -> Call[shapes.Person]:
    """Change a person's record. Grants go to the tier that is theirs then, after the notice of their terms.
    Nobody changes their own record.
    """
    return Call(
        "changePerson",
        "PATCH",
        f"/people/{segment(person)}",
        shapes.Person,
        body=content(
            {
                "name": name,
                "email": email,
                "team": team,
                "level": level,
                "job_family": job_family,
                "role": role,
                "location": location,
                "zone": zone,
                "hire_date": hire_date,
                "manager": manager,
                "handle": handle,
            }
        ),
        changes=True,
    )


def suspend_person(person: str) -> Call[shapes.Person]:
    """Stop a person's keys. Every key stops within a second, until the person is reinstated; nothing is lost."""
    return Call("suspendPerson", "POST", f"/people/{segment(person)}/suspend", shapes.Person, changes=True)


def reinstate_person(person: str) -> Call[shapes.Person]:
    """Let a person's keys work again. Undoes suspending, and a last day: keys that were not revoked work again."""
    return Call("reinstatePerson", "POST", f"/people/{segment(person)}/reinstate", shapes.Person, changes=True)


def record_leaving(person: str, last_day: str, *, dry_run: bool | None = None) -> Call[shapes.Left]:
    """Record a last day. Grants end by their terms for leaving, seats end, keys stop when nothing is left to
    use. With `dry_run` it is told and not done.
    """
    return Call(
        "recordLeaving",
        "POST",
        f"/people/{segment(person)}/leave",
        shapes.Left,
        body=content({"last_day": last_day, "dry_run": dry_run}),
        changes=True,
    )


def get_balance(person: str, *, at: str | None = None) -> Call[shapes.Balance]:
    """What somebody has left. Lot by lot, now or at any instant of the past."""
    return Call("getBalance", "GET", f"/people/{segment(person)}/balance", shapes.Balance, query=questions({"at": at}))


def list_lots(
    person: str, *, at: str | None = None, after: str | None = None, limit: int | None = None
) -> Paged[shapes.LotPage, shapes.Lot]:
    """Every lot, also those that are over. By opening and id, as each stood at the instant."""
    return Paged(
        "listLots",
        "GET",
        f"/people/{segment(person)}/lots",
        shapes.LotPage,
        query=questions({"at": at, "after": after, "limit": limit}),
    )


def get_burn(person: str) -> Call[shapes.Burn]:
    """How fast somebody's allotment goes. For whoever has to see that somebody runs dry: totals, spend by day
    and the forecast, nothing of what it was for.
    """
    return Call("getBurn", "GET", f"/people/{segment(person)}/burn", shapes.Burn)


def list_burn(*, after: str | None = None, limit: int | None = None) -> Paged[shapes.BurnPage, shapes.Burn]:
    """How fast my people's allotments go. By handle: a manager's team, everybody for an auditor, else oneself.
    Who has left is left out.
    """
    return Paged("listBurn", "GET", "/burn", shapes.BurnPage, query=questions({"after": after, "limit": limit}))


def get_outlook(person: str, *, months: int | None = None, use: str | None = None) -> Call[shapes.Outlook]:
    """What will happen to it. What will be released, roll over, vest and expire, by the same code that does it."""
    return Call(
        "getOutlook",
        "GET",
        f"/people/{segment(person)}/outlook",
        shapes.Outlook,
        query=questions({"months": months, "use": use}),
    )


def get_statement(
    person: str,
    *,
    from_: str | None = None,
    until: str | None = None,
    unit: str | None = None,
    after: str | None = None,
    limit: int | None = None,
) -> Paged[shapes.Statement, shapes.StatementLine]:
    """Everything that moved the account. In one unit, a page of lines at a time. Holds that ended without a
    charge are lines of kind hold, void and lapse.
    """
    return Paged(
        "getStatement",
        "GET",
        f"/people/{segment(person)}/statement",
        shapes.Statement,
        query=questions({"from": from_, "until": until, "unit": unit, "after": after, "limit": limit}),
    )


def get_statement_proof(
    person: str, *, from_: str | None = None, until: str | None = None, unit: str | None = None
) -> Call[dict[str, Any]]:
    """A statement that proves itself. The statement with the person's entries, the seals that hold them and the
    way to the newest seal. Whoever kept that seal's hash can check it years later, without the database
    (format `bursar-proof-1`).
    """
    return Call(
        "getStatementProof",
        "GET",
        f"/people/{segment(person)}/statement/proof",
        dict,
        query=questions({"from": from_, "until": until, "unit": unit}),
    )


def get_leaving(person: str) -> Call[shapes.IfLeaving]:
    """If they left today. Under the terms in force, rehearsed: nothing is changed. In USD."""
    return Call("getLeaving", "GET", f"/people/{segment(person)}/leaving", shapes.IfLeaving)


def get_usage(
    person: str,
    *,
    by: Literal["model", "provider", "project", "purpose", "day", "key", "session", "agent"] | None = None,
    from_: str | None = None,
    until: str | None = None,
    unit: str | None = None,
) -> Call[shapes.Usage]:
    """Where somebody's allotment went. By model, provider, project, purpose or day for any time; by key, session
    or agent for the last 30 days in USD.
    """
    return Call(
        "getUsage",
        "GET",
        f"/people/{segment(person)}/usage",
        shapes.Usage,
        query=questions({"by": by, "from": from_, "until": until, "unit": unit}),
    )


def get_spend(
    *,
    by: Literal["provider", "model", "project", "purpose", "team", "day"] | None = None,
    from_: str | None = None,
    until: str | None = None,
    unit: str | None = None,
) -> Call[shapes.Spend]:
    """Where the money of the house goes. Totals without people; groups of fewer than five people are told
    together.
    """
    return Call(
        "getSpend",
        "GET",
        "/usage",
        shapes.Spend,
        query=questions({"by": by, "from": from_, "until": until, "unit": unit}),
    )


def get_team_mix(*, by: Literal["model", "project"] | None = None) -> Call[shapes.TeamMix]:
    """What a team uses, and on what. Of those whom the right reaches: a manager's team, an auditor's everybody.
    In USD.
    """
    return Call("getTeamMix", "GET", "/team/mix", shapes.TeamMix, query=questions({"by": by}))


def get_running(person: str) -> Call[shapes.Running]:
    """What somebody's agents do now. Requests in flight and what each may still cost. Nothing of what they say:
    that is never stored.
    """
    return Call("getRunning", "GET", f"/people/{segment(person)}/running", shapes.Running)


def record_usage(
    body: bytes,
    *,
    media: Literal[
        "application/cloudevents-batch+json", "application/cloudevents+json", "application/json", "text/csv"
    ] = "application/cloudevents-batch+json",
    source: str | None = None,
    dry_run: bool | None = None,
) -> Call[shapes.Recording]:
    """Record usage that no gateway sees. CloudEvents 1.0 (one, or a batch) of type `dev.bursar.usage.v1`, or CSV
    with a header. The whole batch is recorded, or nothing of it. An event is named by its source and its id:
    the same again changes nothing and says so, other content under the same name is a conflict.
    """
    return Call(
        "recordUsage",
        "POST",
        "/usage-events",
        shapes.Recording,
        query=questions({"source": source, "dry_run": dry_run}),
        body=body,
        media=media,
        changes=True,
    )


def list_keys(person: str, *, after: str | None = None, limit: int | None = None) -> Paged[shapes.KeyPage, shapes.Key]:
    """Somebody's keys. Oldest first, without secrets."""
    return Paged(
        "listKeys",
        "GET",
        f"/people/{segment(person)}/keys",
        shapes.KeyPage,
        query=questions({"after": after, "limit": limit}),
    )


def issue_key(
    person: str,
    *,
    label: str | None = None,
    purpose: str | None = None,
    project: str | None = None,
    models: Sequence[str] | None = None,
    cap: str | None = None,
    expires: str | None = None,
    requests_per_minute: int | None = None,
    tokens_per_minute: int | None = None,
    under: str | None = None,
) -> Call[shapes.IssuedKey]:
    """Issue a key. For oneself alone. The secret is shown once; a repeated request with the same Idempotency-Key
    shows the same again.
    """
    return Call(
        "issueKey",
        "POST",
        f"/people/{segment(person)}/keys",
        shapes.IssuedKey,
        body=content(
            {
                "label": label,
                "purpose": purpose,
                "project": project,
                "models": models,
                "cap": cap,
                "expires": expires,
                "requests_per_minute": requests_per_minute,
                "tokens_per_minute": tokens_per_minute,
                "under": under,
            }
        ),
        changes=True,
    )


def list_all_keys(
    *, state: str | None = None, after: str | None = None, limit: int | None = None
) -> Paged[shapes.KeyPage, shapes.Key]:
    """Everybody's keys. Oldest first: for whoever has to find the key that a log or a leak names."""
    return Paged(
        "listAllKeys", "GET", "/keys", shapes.KeyPage, query=questions({"state": state, "after": after, "limit": limit})
    )


def get_key(key: str) -> Call[shapes.Key]:
    """A key. Without its secret."""
    return Call("getKey", "GET", f"/keys/{segment(key)}", shapes.Key)


def rotate_key(key: str, *, overlap_seconds: int | None = None) -> Call[shapes.IssuedKey]:
    """Give a key a new secret. Its id, its cap and what was spent through it stay. The new secret is shown once."""
    return Call(
        "rotateKey",
        "POST",
        f"/keys/{segment(key)}/rotate",
        shapes.IssuedKey,
        body=content({"overlap_seconds": overlap_seconds}),
        changes=True,
    )


def pause_key(key: str) -> Call[shapes.Key]:
    """Stop a key for a while. Nothing passes with it within a second, until it is resumed."""
    return Call("pauseKey", "POST", f"/keys/{segment(key)}/pause", shapes.Key, changes=True)


def resume_key(key: str) -> Call[shapes.Key]:
    """Let a paused key work again. As it was before it was paused."""
    return Call("resumeKey", "POST", f"/keys/{segment(key)}/resume", shapes.Key, changes=True)


def revoke_key(key: str) -> Call[shapes.Key]:
    """End a key for ever. Nothing passes with it within a second, and never again."""
    return Call("revokeKey", "POST", f"/keys/{segment(key)}/revoke", shapes.Key, changes=True)


def list_plans(*, after: str | None = None, limit: int | None = None) -> Paged[shapes.PlanPage, shapes.Plan]:
    """Plans. The newest version of each, by name."""
    return Paged("listPlans", "GET", "/plans", shapes.PlanPage, query=questions({"after": after, "limit": limit}))


def list_plan_versions(
    plan: str, *, after: str | None = None, limit: int | None = None
) -> Paged[shapes.PlanPage, shapes.Plan]:
    """Versions of a plan. Oldest first. A version is never changed."""
    return Paged(
        "listPlanVersions",
        "GET",
        f"/plans/{segment(plan)}/versions",
        shapes.PlanPage,
        query=questions({"after": after, "limit": limit}),
    )


def get_plan(plan: str) -> Call[shapes.PlanTerms]:
    """A plan, its newest version. With its document and its terms."""
    return Call("getPlan", "GET", f"/plans/{segment(plan)}", shapes.PlanTerms)


def get_plan_version(plan: str, number: int) -> Call[shapes.PlanTerms]:
    """A version of a plan. With its document and its terms."""
    return Call("getPlanVersion", "GET", f"/plans/{segment(plan)}/versions/{segment(number)}", shapes.PlanTerms)


def get_fact_sheet(plan: str, *, tier: str | None = None) -> Call[shapes.FactSheetDocument]:
    """A plan's twelve answers. With how long approvals really took."""
    return Call(
        "getFactSheet",
        "GET",
        f"/plans/{segment(plan)}/facts",
        shapes.FactSheetDocument,
        query=questions({"tier": tier}),
    )


def check_plan(document: str) -> Call[shapes.PlanCheck]:
    """Check a document. Every fault with its line and column; nothing is kept. A document with faults is an
    answer, not an error.
    """
    return Call("checkPlan", "POST", "/plans/check", shapes.PlanCheck, body=content({"document": document}))


def diff_plans(before: shapes.PlanSide, after: shapes.PlanSide) -> Call[shapes.Differences]:
    """Compare two plans. Versions or documents, term by term and line by line."""
    return Call(
        "diffPlans", "POST", "/plans/diff", shapes.Differences, body=content({"before": before, "after": after})
    )


def apply_plan(
    document: str, *, effective: str | None = None, note: str | None = None, dry_run: bool | None = None
) -> Call[shapes.Applied]:
    """Put a plan into force. A new version from a day on; grants under the plan follow after the notice that
    their terms promise. The same document twice changes nothing. With `dry_run` it is told and not done.
    """
    return Call(
        "applyPlan",
        "POST",
        "/plans/apply",
        shapes.Applied,
        body=content({"document": document, "effective": effective, "note": note, "dry_run": dry_run}),
        changes=True,
    )


def simulate_plan(
    document: str,
    *,
    against: str | None = None,
    months: int | None = None,
    scenarios: int | None = None,
    seed: int | None = None,
    start: str | None = None,
    price: str | None = None,
    usage: Sequence[str] | None = None,
    growth: float | None = None,
    steady: bool | None = None,
    burst: bool | None = None,
    contract_discount: str | None = None,
    unit_price: str | None = None,
    history: bool | None = None,
) -> Call[shapes.JobDocument]:
    """Simulate a plan. Cost, run-outs, forfeiture and liability by month and tier, over thousands of scenarios,
    against the people of the roster. A job: its result is JSON of schema `simulation/1`.
    """
    return Call(
        "simulatePlan",
        "POST",
        "/plans/simulate",
        shapes.JobDocument,
        body=content(
            {
                "document": document,
                "against": against,
                "months": months,
                "scenarios": scenarios,
                "seed": seed,
                "start": start,
                "price": price,
                "usage": usage,
                "growth": growth,
                "steady": steady,
                "burst": burst,
                "contract_discount": contract_discount,
                "unit_price": unit_price,
                "history": history,
            }
        ),
        changes=True,
    )


def export_vesting(plan: str) -> Call[shapes.JobDocument]:
    """Export vesting as Open Cap Format. The starts, events and accelerations of every grant under a plan that
    vests, as an OCF transactions file. A job.
    """
    return Call("exportVesting", "POST", f"/plans/{segment(plan)}/vesting-exports", shapes.JobDocument, changes=True)


def list_grants(
    *, plan: str | None = None, state: str | None = None, after: str | None = None, limit: int | None = None
) -> Paged[shapes.GrantPage, shapes.Grant]:
    """Grants under plans. Everybody's for who answers for pay or books, else one's own, by start and id. What
    was given by hand is a lot.
    """
    return Paged(
        "listGrants",
        "GET",
        "/grants",
        shapes.GrantPage,
        query=questions({"plan": plan, "state": state, "after": after, "limit": limit}),
    )


def list_grants_of(
    person: str, *, after: str | None = None, limit: int | None = None
) -> Paged[shapes.GrantPage, shapes.Grant]:
    """Somebody's grants. Under plans and by hand, by start and id."""
    return Paged(
        "listGrantsOf",
        "GET",
        f"/people/{segment(person)}/grants",
        shapes.GrantPage,
        query=questions({"after": after, "limit": limit}),
    )


def give_grant(
    person: str,
    *,
    plan: str | None = None,
    tier: str | None = None,
    amount: str | None = None,
    starts: str | None = None,
    expires: str | None = None,
    priority: int | None = None,
    providers: Sequence[str] | None = None,
    models: Sequence[str] | None = None,
    purposes: Sequence[str] | None = None,
    label: str | None = None,
    note: str | None = None,
    dry_run: bool | None = None,
) -> Call[shapes.Given]:
    """Promise something to somebody. Under the version of a plan that is in force, or one lot by hand. Nobody
    gives to themselves. With `dry_run` a grant under a plan is told and not made.
    """
    return Call(
        "giveGrant",
        "POST",
        f"/people/{segment(person)}/grants",
        shapes.Given,
        body=content(
            {
                "plan": plan,
                "tier": tier,
                "amount": amount,
                "starts": starts,
                "expires": expires,
                "priority": priority,
                "providers": providers,
                "models": models,
                "purposes": purposes,
                "label": label,
                "note": note,
                "dry_run": dry_run,
            }
        ),
        changes=True,
    )


def get_terms(person: str) -> Call[shapes.Terms]:
    """The terms that hold for somebody. In plain words: the twelve answers of the fact sheet for each grant, as
    it is for this person.
    """
    return Call("getTerms", "GET", f"/people/{segment(person)}/terms", shapes.Terms)


def get_grant(grant: str) -> Call[shapes.Grant]:
    """A grant. With every change of its terms."""
    return Call("getGrant", "GET", f"/grants/{segment(grant)}", shapes.Grant)


def list_due(
    *, until: str | None = None, after: str | None = None, limit: int | None = None
) -> Paged[shapes.EventPage, shapes.Event]:
    """What falls due. Everybody's events that are due by an instant and not done yet, in order. A running
    gateway does them by itself.
    """
    return Paged(
        "listDue",
        "GET",
        "/calendar",
        shapes.EventPage,
        query=questions({"until": until, "after": after, "limit": limit}),
    )


def list_due_of(
    person: str, *, until: str | None = None, after: str | None = None, limit: int | None = None
) -> Paged[shapes.EventPage, shapes.Event]:
    """What falls due for somebody. Events that are due by an instant and not done yet, in order."""
    return Paged(
        "listDueOf",
        "GET",
        f"/people/{segment(person)}/calendar",
        shapes.EventPage,
        query=questions({"until": until, "after": after, "limit": limit}),
    )


def amend_grant(
    grant: str,
    reason: str,
    *,
    effective: str | None = None,
    plan: str | None = None,
    tier: str | None = None,
    amount: str | None = None,
    agreed: bool | None = None,
    dry_run: bool | None = None,
) -> Call[shapes.ChangeOfCalendar]:
    """Change a grant's terms. From a day on; a change for the worse not before the notice that the terms
    promise, unless the person agreed.
    """
    return Call(
        "amendGrant",
        "POST",
        f"/grants/{segment(grant)}/amend",
        shapes.ChangeOfCalendar,
        body=content(
            {
                "reason": reason,
                "effective": effective,
                "plan": plan,
                "tier": tier,
                "amount": amount,
                "agreed": agreed,
                "dry_run": dry_run,
            }
        ),
        changes=True,
    )


def suspend_grant(
    grant: str,
    *,
    starts: str | None = None,
    until: str | None = None,
    reason: str | None = None,
    dry_run: bool | None = None,
) -> Call[shapes.ChangeOfCalendar]:
    """Pause a grant. Nothing is released; what is released stays, what would have vested comes when it ends."""
    return Call(
        "suspendGrant",
        "POST",
        f"/grants/{segment(grant)}/suspend",
        shapes.ChangeOfCalendar,
        body=content({"starts": starts, "until": until, "reason": reason, "dry_run": dry_run}),
        changes=True,
    )


def resume_grant(grant: str, *, at: str | None = None, dry_run: bool | None = None) -> Call[shapes.ChangeOfCalendar]:
    """End a pause. The rest of a period that began in the pause is released by its share."""
    return Call(
        "resumeGrant",
        "POST",
        f"/grants/{segment(grant)}/resume",
        shapes.ChangeOfCalendar,
        body=content({"at": at, "dry_run": dry_run}),
        changes=True,
    )


def end_grant(
    grant: str, *, at: str | None = None, reason: str | None = None, dry_run: bool | None = None
) -> Call[shapes.ChangeOfCalendar]:
    """End a grant. Nothing more is released; lots that are there run out by their own terms."""
    return Call(
        "endGrant",
        "POST",
        f"/grants/{segment(grant)}/end",
        shapes.ChangeOfCalendar,
        body=content({"at": at, "reason": reason, "dry_run": dry_run}),
        changes=True,
    )


def revoke_grant(
    grant: str, *, at: str | None = None, reason: str | None = None, dry_run: bool | None = None
) -> Call[shapes.Released]:
    """Take back a grant. What is unspent is taken back, after the notice of its plan; of a lot by hand, at once."""
    return Call(
        "revokeGrant",
        "POST",
        f"/grants/{segment(grant)}/revoke",
        shapes.Released,
        body=content({"at": at, "reason": reason, "dry_run": dry_run}),
        changes=True,
    )


def record_vesting(
    grant: str, reason: str, *, event: str | None = None, share: str | None = None, dry_run: bool | None = None
) -> Call[shapes.ChangeOfCalendar]:
    """Record what lets a grant vest. That the event happened which it vests on, or that vesting is accelerated."""
    return Call(
        "recordVesting",
        "POST",
        f"/grants/{segment(grant)}/vest",
        shapes.ChangeOfCalendar,
        body=content({"event": event, "share": share, "reason": reason, "dry_run": dry_run}),
        changes=True,
    )


def list_topups(
    *, state: str | None = None, waiting_for_me: bool | None = None, after: str | None = None, limit: int | None = None
) -> Paged[shapes.TopUpPage, shapes.TopUp]:
    """Requests that I may see. The newest first: one's own, those that one decides, one's team's for a manager,
    everybody's for who answers for people or money.
    """
    return Paged(
        "listTopUps",
        "GET",
        "/topups",
        shapes.TopUpPage,
        query=questions({"state": state, "waiting_for_me": waiting_for_me, "after": after, "limit": limit}),
    )


def list_ways_to_ask(person: str) -> Call[shapes.Ways]:
    """How somebody can ask for more. Grants whose plan takes requests, who decides, and how long that has taken."""
    return Call("listWaysToAsk", "GET", f"/people/{segment(person)}/topups/ways", shapes.Ways)


def ask_for_more(
    person: str, amount: str, *, reason: str | None = None, grant: str | None = None
) -> Call[shapes.TopUp]:
    """Ask for more. For oneself, under a grant whose plan allows to ask. It is open until it is decided or its
    time is over.
    """
    return Call(
        "askForMore",
        "POST",
        f"/people/{segment(person)}/topups",
        shapes.TopUp,
        body=content({"amount": amount, "reason": reason, "grant": grant}),
        changes=True,
    )


def get_topup(topup: str) -> Call[shapes.TopUp]:
    """A request for more. And what was decided."""
    return Call("getTopUp", "GET", f"/topups/{segment(topup)}", shapes.TopUp)


def approve_topup(topup: str, *, note: str | None = None) -> Call[shapes.TopUp]:
    """Approve a request. As the approver whose turn it is; the last approval releases the amount. Never about
    oneself.
    """
    return Call(
        "approveTopUp",
        "POST",
        f"/topups/{segment(topup)}/approve",
        shapes.TopUp,
        body=content({"note": note}),
        changes=True,
    )


def deny_topup(topup: str, *, note: str | None = None) -> Call[shapes.TopUp]:
    """Deny a request. As the approver whose turn it is; the person reads the note."""
    return Call(
        "denyTopUp", "POST", f"/topups/{segment(topup)}/deny", shapes.TopUp, body=content({"note": note}), changes=True
    )


def withdraw_topup(topup: str) -> Call[shapes.TopUp]:
    """Take a request back. One's own, while it is open."""
    return Call("withdrawTopUp", "POST", f"/topups/{segment(topup)}/withdraw", shapes.TopUp, changes=True)


def list_pools() -> Call[shapes.Pools]:
    """Pools. Every pool with what is left of it."""
    return Call("listPools", "GET", "/pools", shapes.Pools)


def list_pools_of(person: str) -> Call[shapes.Pools]:
    """The pools that somebody draws on. Those that their grants lead to at the limit."""
    return Call("listPoolsOf", "GET", f"/people/{segment(person)}/pools", shapes.Pools)


def fund_pool(pool: str, amount: str, *, expires: str | None = None, note: str | None = None) -> Call[shapes.Funded]:
    """Put money into a pool. A pool exists as soon as there is something in it."""
    return Call(
        "fundPool",
        "POST",
        f"/pools/{segment(pool)}/fund",
        shapes.Funded,
        body=content({"amount": amount, "expires": expires, "note": note}),
        changes=True,
    )


def list_consents(person: str) -> Call[shapes.Consents]:
    """What somebody agreed to. To pay beyond the limit from one's own pay, and since when."""
    return Call("listConsents", "GET", f"/people/{segment(person)}/consents", shapes.Consents)


def give_consent(person: str, words: str) -> Call[shapes.Consents]:
    """Agree to pay oneself. Nobody consents for somebody else. What one agrees to is sent back word for word, so
    nobody agrees to what they never saw.
    """
    return Call(
        "giveConsent",
        "POST",
        f"/people/{segment(person)}/consents",
        shapes.Consents,
        body=content({"words": words}),
        changes=True,
    )


def withdraw_consent(person: str) -> Call[shapes.Consents]:
    """Take an agreement back. It ends with the next request."""
    return Call(
        "withdrawConsent", "POST", f"/people/{segment(person)}/consents/withdraw", shapes.Consents, changes=True
    )


def list_seats(
    person: str, *, after: str | None = None, limit: int | None = None
) -> Paged[shapes.SeatPage, shapes.Seat]:
    """Somebody's subscriptions. By product and id."""
    return Paged(
        "listSeats",
        "GET",
        f"/people/{segment(person)}/seats",
        shapes.SeatPage,
        query=questions({"after": after, "limit": limit}),
    )


def add_seat(
    person: str,
    product: str,
    amount: str,
    *,
    every: str | None = None,
    starts: str | None = None,
    ends: str | None = None,
    anchor: str | None = None,
    proration: str | None = None,
) -> Call[shapes.Seat]:
    """Pay a subscription for somebody. From their lots, from its first day on; what is due already is charged
    now.
    """
    return Call(
        "addSeat",
        "POST",
        f"/people/{segment(person)}/seats",
        shapes.Seat,
        body=content(
            {
                "product": product,
                "amount": amount,
                "every": every,
                "starts": starts,
                "ends": ends,
                "anchor": anchor,
                "proration": proration,
            }
        ),
        changes=True,
    )


def end_seat(seat: str, on: str) -> Call[shapes.EndedSeat]:
    """End a subscription. With its last day; charges for days after it are corrected by the seat's own
    proration.
    """
    return Call(
        "endSeat", "POST", f"/seats/{segment(seat)}/end", shapes.EndedSeat, body=content({"on": on}), changes=True
    )


def list_notices(
    person: str, *, after: str | None = None, limit: int | None = None
) -> Paged[shapes.NoticePage, shapes.Notice]:
    """What somebody was told. The newest first, with what became of each."""
    return Paged(
        "listNotices",
        "GET",
        f"/people/{segment(person)}/notices",
        shapes.NoticePage,
        query=questions({"after": after, "limit": limit}),
    )


def list_all_notices(*, after: str | None = None, limit: int | None = None) -> Paged[shapes.NoticePage, shapes.Notice]:
    """What everybody was told. The newest first."""
    return Paged(
        "listAllNotices", "GET", "/notices", shapes.NoticePage, query=questions({"after": after, "limit": limit})
    )


def list_reads(
    person: str, *, after: str | None = None, limit: int | None = None
) -> Paged[shapes.LookPage, shapes.Look]:
    """Who looked at somebody's figures. The newest first: who, in which role, at what."""
    return Paged(
        "listReads",
        "GET",
        f"/people/{segment(person)}/reads",
        shapes.LookPage,
        query=questions({"after": after, "limit": limit}),
    )


def list_webhooks() -> Paged[shapes.WebhookDocumentPage, shapes.WebhookDocument]:
    """Where notices are posted to. Subscriptions, and the address of the settings; hosts only."""
    return Paged("listWebhooks", "GET", "/webhooks", shapes.WebhookDocumentPage)


def add_webhook(url: str, *, kinds: Sequence[str] | None = None, label: str | None = None) -> Call[shapes.MadeWebhook]:
    """Subscribe an address. Notices are posted as JSON, signed as Standard Webhooks has it (`webhook-id`,
    `webhook-timestamp`, `webhook-signature`), and retried until they arrive, for about a day. The signing
    secret is shown once.
    """
    return Call(
        "addWebhook",
        "POST",
        "/webhooks",
        shapes.MadeWebhook,
        body=content({"url": url, "kinds": kinds, "label": label}),
        changes=True,
    )


def remove_webhook(webhook: str) -> Call[None]:
    """End a subscription. What was not delivered yet never will be."""
    return Call("removeWebhook", "DELETE", f"/webhooks/{segment(webhook)}", type(None), changes=True)


def test_channels() -> Call[shapes.Attempts]:
    """Send myself a test. Over every channel at once, past the outbox; says of each what happened."""
    return Call("testChannels", "POST", "/webhooks/test", shapes.Attempts, changes=True)


def list_all_reads(
    *, who: str | None = None, whom: str | None = None, after: str | None = None, limit: int | None = None
) -> Paged[shapes.HouseLookPage, shapes.HouseLook]:
    """Who looked at whom. Every look at figures of people, the newest first."""
    return Paged(
        "listAllReads",
        "GET",
        "/reads",
        shapes.HouseLookPage,
        query=questions({"who": who, "whom": whom, "after": after, "limit": limit}),
    )


def list_prices(*, model: str, provider: str | None = None, at: str | None = None) -> Call[shapes.Rates]:
    """What a model costs. For a million tokens, at list price; at cost for who may see contracts."""
    return Call(
        "listPrices", "GET", "/prices", shapes.Rates, query=questions({"model": model, "provider": provider, "at": at})
    )


def set_price(
    provider: str,
    model: str,
    *,
    discount: str | None = None,
    input_rate: str | None = None,
    output_rate: str | None = None,
    cost_input: str | None = None,
    cost_output: str | None = None,
    starts: str | None = None,
    ends: str | None = None,
    note: str | None = None,
) -> Call[shapes.Overlay]:
    """Set a rate. A contract rate, or the price of an own model. Every version of the price book is kept."""
    return Call(
        "setPrice",
        "POST",
        "/prices",
        shapes.Overlay,
        body=content(
            {
                "provider": provider,
                "model": model,
                "discount": discount,
                "input_rate": input_rate,
                "output_rate": output_rate,
                "cost_input": cost_input,
                "cost_output": cost_output,
                "starts": starts,
                "ends": ends,
                "note": note,
            }
        ),
        changes=True,
    )


def list_providers() -> Paged[shapes.ProviderPage, shapes.Provider]:
    """Providers. In the order in which they are asked; never a credential."""
    return Paged("listProviders", "GET", "/providers", shapes.ProviderPage)


def get_provider(provider: str) -> Call[shapes.Provider]:
    """A provider. Never its credential."""
    return Call("getProvider", "GET", f"/providers/{segment(provider)}", shapes.Provider)


def put_provider(
    provider: str,
    *,
    kind: str | None = None,
    base_url: str | None = None,
    secret: str | None = None,
    models: Sequence[str] | None = None,
) -> Call[shapes.Provider]:
    """Add or change a provider. Gateways see it within a second."""
    return Call(
        "putProvider",
        "PUT",
        f"/providers/{segment(provider)}",
        shapes.Provider,
        body=content({"kind": kind, "base_url": base_url, "secret": secret, "models": models}),
        changes=True,
    )


def remove_provider(provider: str) -> Call[None]:
    """Remove a provider. With its credential; what was charged there stays in the books."""
    return Call("removeProvider", "DELETE", f"/providers/{segment(provider)}", type(None), changes=True)


def enable_provider(provider: str) -> Call[shapes.Provider]:
    """Let it be asked. Gateways see it within a second."""
    return Call("enableProvider", "POST", f"/providers/{segment(provider)}/enable", shapes.Provider, changes=True)


def disable_provider(provider: str) -> Call[shapes.Provider]:
    """Ask it no more. Gateways see it within a second; its requests in flight go on."""
    return Call("disableProvider", "POST", f"/providers/{segment(provider)}/disable", shapes.Provider, changes=True)


def list_price_versions(
    *, after: str | None = None, limit: int | None = None
) -> Paged[shapes.PriceVersionPage, shapes.PriceVersion]:
    """Every version of the price book. The newest first; a charge names the one that it was made with. Contract
    rates need the right `cost.read`.
    """
    return Paged(
        "listPriceVersions",
        "GET",
        "/prices/versions",
        shapes.PriceVersionPage,
        query=questions({"after": after, "limit": limit}),
    )


def list_exposure(
    *, by: Literal["plan", "tier", "team", "provider"] | None = None, unit: str | None = None
) -> Call[shapes.ExposureGroups]:
    """Exposure by group. By plan, tier, team, or the provider where it may be spent. Teams and tiers of fewer
    than five are told together.
    """
    return Call(
        "listExposure", "GET", "/exposure/groups", shapes.ExposureGroups, query=questions({"by": by, "unit": unit})
    )


def list_exposure_months(*, months: int | None = None, unit: str | None = None) -> Call[shapes.MonthsMoved]:
    """Promises month by month. What was released, spent and forfeited."""
    return Call(
        "listExposureMonths",
        "GET",
        "/exposure/months",
        shapes.MonthsMoved,
        query=questions({"months": months, "unit": unit}),
    )


def get_forecast(*, months: Literal["1", "3", "12"] | None = None) -> Call[shapes.Forecast]:
    """Where the house will land. In USD; eight in ten courses lie between `low` and `high`."""
    return Call("getForecast", "GET", "/forecast", shapes.Forecast, query=questions({"months": months}))


def list_costs(*, months: int | None = None) -> Paged[shapes.ProviderMonthPage, shapes.ProviderMonth]:
    """What providers cost. Every provider's month, at list price and at cost, USD; the oldest month first."""
    return Paged("listCosts", "GET", "/costs", shapes.ProviderMonthPage, query=questions({"months": months}))


def list_pay_ratios(
    *, after: str | None = None, limit: int | None = None
) -> Paged[shapes.PayRatioPage, shapes.PayRatio]:
    """Spend against pay. Everybody of the roster, by handle: the last 90 days taken for a year, over the band of
    the level.
    """
    return Paged(
        "listPayRatios", "GET", "/pay-ratios", shapes.PayRatioPage, query=questions({"after": after, "limit": limit})
    )


def get_pay_ratio(person: str) -> Call[shapes.PayRatio]:
    """Somebody's spend against pay. As finance sees it."""
    return Call("getPayRatio", "GET", f"/people/{segment(person)}/pay-ratio", shapes.PayRatio)


def list_pay_bands() -> Paged[shapes.PayBandPage, shapes.PayBand]:
    """Pay bands. By level."""
    return Paged("listPayBands", "GET", "/pay-bands", shapes.PayBandPage)


def put_pay_bands(items: Sequence[shapes.BandSent]) -> Paged[shapes.PayBandPage, shapes.PayBand]:
    """Set the pay bands. All at once; nothing changes if anything is wrong."""
    return Paged("putPayBands", "PUT", "/pay-bands", shapes.PayBandPage, body=content({"items": items}), changes=True)


def get_run_outs(*, days: int | None = None) -> Call[shapes.RunOuts]:
    """Run-outs and forfeiture ahead. In USD, of everybody together."""
    return Call("getRunOuts", "GET", "/forecast/run-outs", shapes.RunOuts, query=questions({"days": days}))


def get_past_exposure(
    *,
    at: str | None = None,
    by: Literal["plan", "tier", "team", "scope", "person"] | None = None,
    unit: str | None = None,
) -> Call[shapes.PastExposure]:
    """Exposure of a past instant. The same for ever, to the nano-unit. Groups of a few people are told apart: it
    is of the books.
    """
    return Call(
        "getPastExposure",
        "GET",
        "/exposure/past",
        shapes.PastExposure,
        query=questions({"at": at, "by": by, "unit": unit}),
    )


def get_price_scenario(
    *,
    family: str | None = None,
    change: str | None = None,
    contract: str | None = None,
    move: str | None = None,
    amount: str | None = None,
    months: int | None = None,
) -> Call[shapes.PriceScenario]:
    """What if prices change. The same work at other prices; without a change, what becomes of a promise by
    itself.
    """
    return Call(
        "getPriceScenario",
        "GET",
        "/price-scenario",
        shapes.PriceScenario,
        query=questions(
            {"family": family, "change": change, "contract": contract, "move": move, "amount": amount, "months": months}
        ),
    )


def list_closes(
    *, after: str | None = None, limit: int | None = None
) -> Paged[shapes.BooksMonthPage, shapes.BooksMonth]:
    """The months of the books. The newest first, from the first month with anything in it."""
    return Paged(
        "listCloses", "GET", "/closes", shapes.BooksMonthPage, query=questions({"after": after, "limit": limit})
    )


def get_close(month: str) -> Call[shapes.MonthOfBooks]:
    """A month of the books. Its closes, and whether what was frozen is still what it was."""
    return Call("getClose", "GET", f"/closes/{segment(month)}", shapes.MonthOfBooks)


def close_month(month: str, *, note: str | None = None) -> Call[shapes.JobDocument]:
    """Close a month. Count it three ways and freeze it with a digest. A job; of each month there is one at a
    time.
    """
    return Call(
        "closeMonth",
        "POST",
        f"/closes/{segment(month)}",
        shapes.JobDocument,
        body=content({"note": note}),
        changes=True,
    )


def list_close_usage(
    month: str, *, number: int | None = None, after: str | None = None, limit: int | None = None
) -> Paged[shapes.BooksUsagePage, shapes.BooksUsage]:
    """Frozen usage. Every person and provider, corrections of earlier months among them."""
    return Paged(
        "listCloseUsage",
        "GET",
        f"/closes/{segment(month)}/usage",
        shapes.BooksUsagePage,
        query=questions({"number": number, "after": after, "limit": limit}),
    )


def list_close_movement(
    month: str, *, number: int | None = None, after: str | None = None, limit: int | None = None
) -> Paged[shapes.BooksMovementPage, shapes.BooksMovement]:
    """Frozen roll-forward. Every plan, corrections of earlier months among them."""
    return Paged(
        "listCloseMovement",
        "GET",
        f"/closes/{segment(month)}/movement",
        shapes.BooksMovementPage,
        query=questions({"number": number, "after": after, "limit": limit}),
    )


def reopen_month(month: str, reason: str) -> Call[shapes.Close]:
    """Open a month again. Only the last one that is closed; what was frozen stays to be looked at."""
    return Call(
        "reopenMonth",
        "POST",
        f"/closes/{segment(month)}/reopen",
        shapes.Close,
        body=content({"reason": reason}),
        changes=True,
    )


def get_reconciliation() -> Call[shapes.Reconciliation]:
    """Does it tie out?. The last count that came to its end. Raises not found where nothing was counted yet."""
    return Call("getReconciliation", "GET", "/reconciliation", shapes.Reconciliation)


def reconcile() -> Call[shapes.JobDocument]:
    """Count three ways. Postings, charges and daily figures, lots and holds. A job; there is one at a time. It
    changes nothing.
    """
    return Call("reconcile", "POST", "/reconciliations", shapes.JobDocument, changes=True)


def get_verification() -> Call[shapes.Verified]:
    """Is the ledger whole?. The last verification that came to its end. Raises not found where there was none
    yet.
    """
    return Call("getVerification", "GET", "/ledger/verification", shapes.Verified)


def get_journal(month: str) -> Call[shapes.MonthJournal]:
    """A month's journal. Balanced entries, each line with what it was made from. An open month's is a preview."""
    return Call("getJournal", "GET", f"/journals/{segment(month)}", shapes.MonthJournal)


def download_journal(month: str, *, kind: Literal["beancount", "csv"] | None = None) -> Call[bytes]:
    """A month's journal as a file. For beancount, or as CSV."""
    return Call("downloadJournal", "GET", f"/journals/{segment(month)}/file", bytes, query=questions({"kind": kind}))


def download_focus(month: str, *, version: Literal["1.0", "1.2"] | None = None) -> Call[bytes]:
    """A month's charges as FOCUS. A row for each charge, drawn while it travels."""
    return Call("downloadFocus", "GET", f"/focus/{segment(month)}", bytes, query=questions({"version": version}))


def get_bill(provider: str, month: str) -> Call[shapes.ProviderBill]:
    """A provider's bill beside the charges. As the bill was read last. It changes nothing. Raises not found
    where the provider has told nothing of the month.
    """
    return Call("getBill", "GET", f"/bills/{segment(provider)}/{segment(month)}", shapes.ProviderBill)


def apply_bill(provider: str, month: str) -> Call[shapes.BillApplied]:
    """Set right what a bill shows. Corrections of charges whose figures were not known, charges for use that
    went past the gateway, entries in suspense for the rest. Done again, it does nothing.
    """
    return Call(
        "applyBill", "POST", f"/bills/{segment(provider)}/{segment(month)}/applied", shapes.BillApplied, changes=True
    )


def import_bill(
    provider: str,
    body: bytes,
    *,
    media: Literal["text/csv"] = "text/csv",
    leave_out: bool | None = None,
    dry_run: bool | None = None,
) -> Call[shapes.BillRead]:
    """Import a provider's bill. CSV as the provider's console exports it, or with columns of usual names. It
    replaces what was told of its days, whole or not at all; the same again changes nothing.
    """
    return Call(
        "importBill",
        "POST",
        f"/bills/{segment(provider)}",
        shapes.BillRead,
        query=questions({"leave_out": leave_out, "dry_run": dry_run}),
        body=body,
        media=media,
        changes=True,
    )


def list_suspense(*, state: str | None = None) -> Paged[shapes.SuspenseEntryPage, shapes.SuspenseEntry]:
    """Use that nobody is known to own. Open entries first, the largest first."""
    return Paged("listSuspense", "GET", "/suspense", shapes.SuspenseEntryPage, query=questions({"state": state}))


def attribute_suspense(
    entry: str, person: str, *, note: str | None = None, own_key: bool | None = None
) -> Call[shapes.SuspenseEntry]:
    """Say whose use it was. It is charged to their lots of that day, or of today where those are closed."""
    return Call(
        "attributeSuspense",
        "POST",
        f"/suspense/{segment(entry)}/attribution",
        shapes.SuspenseEntry,
        body=content({"person": person, "note": note, "own_key": own_key}),
        changes=True,
    )


def dismiss_suspense(entry: str, note: str) -> Call[shapes.SuspenseEntry]:
    """Say that it is nobody's to pay. Should the bill tell more of it, the rest is open again."""
    return Call(
        "dismissSuspense",
        "POST",
        f"/suspense/{segment(entry)}/dismissal",
        shapes.SuspenseEntry,
        body=content({"note": note}),
        changes=True,
    )


def list_billed_seats() -> Paged[shapes.BilledSeatPage, shapes.BilledSeat]:
    """Seats that vendors bill. By product, beside the seats that allotments pay."""
    return Paged("listBilledSeats", "GET", "/billed-seats", shapes.BilledSeatPage)


def get_exposure(*, unit: str | None = None) -> Call[shapes.Exposure]:
    """What the house has promised. Totals without people, as recorded: what is due and not swept yet is still
    available.
    """
    return Call("getExposure", "GET", "/exposure", shapes.Exposure, query=questions({"unit": unit}))


def get_ledger_head() -> Call[shapes.Head]:
    """The newest seal. To be kept outside."""
    return Call("getLedgerHead", "GET", "/ledger/head", shapes.Head)


def verify_ledger() -> Call[shapes.JobDocument]:
    """Check the whole ledger. The chain of seals, the journal and every projection of it, and the audit log. A
    job: its result is JSON with `clean`, counts, the head and a sentence for everything that is wrong.
    """
    return Call("verifyLedger", "POST", "/ledger/verifications", shapes.JobDocument, changes=True)


def list_audit(
    *, action: str | None = None, subject: str | None = None, after: str | None = None, limit: int | None = None
) -> Paged[shapes.AuditLinePage, shapes.AuditLine]:
    """Who changed what. The newest first."""
    return Paged(
        "listAudit",
        "GET",
        "/audit",
        shapes.AuditLinePage,
        query=questions({"action": action, "subject": subject, "after": after, "limit": limit}),
    )


def export_audit() -> Call[shapes.JobDocument]:
    """Export the audit log. Every line, oldest first, as JSON lines with their hashes. A job."""
    return Call("exportAudit", "POST", "/audit/exports", shapes.JobDocument, changes=True)


def get_traffic() -> Call[shapes.Traffic]:
    """What goes on at the gateway. Requests in flight, holds and the last minute, by person: to find what floods
    it. No prompts, no grants.
    """
    return Call("getTraffic", "GET", "/traffic", shapes.Traffic)


def list_nodes() -> Paged[shapes.NodeDocumentPage, shapes.NodeDocument]:
    """Gateways. Every gateway that ever reported, the latest report first."""
    return Paged("listNodes", "GET", "/nodes", shapes.NodeDocumentPage)


def list_refusals(*, hours: int | None = None) -> Paged[shapes.RefusedPage, shapes.Refused]:
    """What was turned away or went wrong. By reason and provider, most often first."""
    return Paged("listRefusals", "GET", "/refusals", shapes.RefusedPage, query=questions({"hours": hours}))


def check_installation() -> Call[shapes.Checks]:
    """The installation, checked. What a platform engineer checks first, each with what to do about it."""
    return Call("checkInstallation", "GET", "/installation", shapes.Checks)


def get_health() -> Call[shapes.Health]:
    """Whether this process answers. And reaches its database: for whoever watches it, without signing in."""
    return Call("getHealth", "GET", "/health", shapes.Health)


def get_total_pay(person: str) -> Call[shapes.TotalPay]:
    """Total pay. Without cash and equity: nobody keeps them here."""
    return Call("getTotalPay", "GET", f"/people/{segment(person)}/total-pay", shapes.TotalPay)


def state_total_pay(
    person: str,
    *,
    salary: str | None = None,
    bonus: str | None = None,
    equity: str | None = None,
    benefits: str | None = None,
) -> Call[shapes.TotalPay]:
    """Total pay beside what is sent. Nothing of what is sent is kept."""
    return Call(
        "stateTotalPay",
        "POST",
        f"/people/{segment(person)}/total-pay",
        shapes.TotalPay,
        body=content({"salary": salary, "bonus": bonus, "equity": equity, "benefits": benefits}),
    )


def get_fairness(
    *, by: str | None = None, of: str | None = None, at: str | None = None
) -> Call[shapes.FairnessOfAccess]:
    """Fairness of access. Which groups are told is decided for the tables of all attributes at once, so that no
    sum or difference of them is about fewer than five people.
    """
    return Call(
        "getFairness", "GET", "/fairness", shapes.FairnessOfAccess, query=questions({"by": by, "of": of, "at": at})
    )


def get_tax(person: str, *, month: str | None = None) -> Call[shapes.TaxAnswer]:
    """What a month counts for. With the rules of the month's last day; what hangs on the year's pay is not in
    it, since no pay is kept.
    """
    return Call("getTax", "GET", f"/people/{segment(person)}/tax", shapes.TaxAnswer, query=questions({"month": month}))


def list_payroll(
    month: str, *, after: str | None = None, limit: int | None = None
) -> Paged[shapes.TaxAnswerPage, shapes.TaxAnswer]:
    """A month for payroll. Everybody of whom a run has something to take over, by handle."""
    return Paged(
        "listPayroll",
        "GET",
        f"/payroll/{segment(month)}",
        shapes.TaxAnswerPage,
        query=questions({"after": after, "limit": limit}),
    )


def list_tax_rules(
    *, country: str | None = None, on: str | None = None, after: str | None = None, limit: int | None = None
) -> Paged[shapes.TaxRulePage, shapes.TaxRule]:
    """The rules of tax. In the order in which they are asked."""
    return Paged(
        "listTaxRules",
        "GET",
        "/tax/rules",
        shapes.TaxRulePage,
        query=questions({"country": country, "on": on, "after": after, "limit": limit}),
    )


def evaluate_offer(document: str, *, worlds: int | None = None, seed: int | None = None) -> Call[shapes.Evaluation]:
    """What an offer is worth. Cash equivalent with its spread, run-outs, what is forfeited, the raise that would
    be worth the same, and why.
    """
    return Call(
        "evaluateOffer",
        "POST",
        "/offers/evaluate",
        shapes.Evaluation,
        body=content({"worlds": worlds, "seed": seed, "document": document}),
    )


def ask_about_offer(document: str, *, worlds: int | None = None, seed: int | None = None) -> Call[shapes.Questions]:
    """What to ask before one signs. What the offer does not say, and what each answer would be worth."""
    return Call(
        "askAboutOffer",
        "POST",
        "/offers/questions",
        shapes.Questions,
        body=content({"worlds": worlds, "seed": seed, "document": document}),
    )


def compare_offers(
    documents: Sequence[str], *, worlds: int | None = None, seed: int | None = None
) -> Call[shapes.Comparison]:
    """Offers side by side. Cash first. The person is the first one that an offer describes."""
    return Call(
        "compareOffers",
        "POST",
        "/offers/compare",
        shapes.Comparison,
        body=content({"worlds": worlds, "seed": seed, "documents": documents}),
    )


def get_leaderboard(*, by: Literal["cost", "cache", "output", "days"] | None = None) -> Call[shapes.Board]:
    """The leaderboard. There is no order by spend or tokens: what is counted is what is gamed."""
    return Call("getLeaderboard", "GET", "/leaderboard", shapes.Board, query=questions({"by": by}))


def join_leaderboard(person: str, *, pseudonym: str | None = None, by_name: bool | None = None) -> Call[shapes.Member]:
    """Stand on it. Or under another name. The row appears with the next week."""
    return Call(
        "joinLeaderboard",
        "POST",
        f"/people/{segment(person)}/leaderboard/join",
        shapes.Member,
        body=content({"pseudonym": pseudonym, "by_name": by_name}),
        changes=True,
    )


def leave_leaderboard(person: str) -> Call[None]:
    """Be gone from it. At once."""
    return Call("leaveLeaderboard", "POST", f"/people/{segment(person)}/leaderboard/leave", type(None), changes=True)


def list_openings() -> Paged[shapes.OpeningDocumentPage, shapes.OpeningDocument]:
    """What is open. What an owner may open, and whether it is."""
    return Paged("listOpenings", "GET", "/openings", shapes.OpeningDocumentPage)


def put_opening(opening: str, is_open: bool) -> Call[shapes.OpeningDocument]:
    """Open or close something. With a line in the audit log; a leaderboard that is closed forgets who stood on
    it.
    """
    return Call(
        "putOpening",
        "PUT",
        f"/openings/{segment(opening)}",
        shapes.OpeningDocument,
        body=content({"is_open": is_open}),
        changes=True,
    )


def list_settings() -> Paged[shapes.SettingDocumentPage, shapes.SettingDocument]:
    """How it is set up. Every setting with where it comes from; of a secret only that there is one."""
    return Paged("listSettings", "GET", "/settings", shapes.SettingDocumentPage)


def list_accounts(
    *, after: str | None = None, limit: int | None = None
) -> Paged[shapes.AccountDocumentPage, shapes.AccountDocument]:
    """Who may sign in. By login."""
    return Paged(
        "listAccounts",
        "GET",
        "/accounts",
        shapes.AccountDocumentPage,
        query=questions({"after": after, "limit": limit}),
    )


def add_account(
    login: str, *, name: str | None = None, person: str | None = None, roles: Sequence[str] | None = None
) -> Call[shapes.Invited]:
    """Invite somebody. Add an account, and the link by which its owner sets a password."""
    return Call(
        "addAccount",
        "POST",
        "/accounts",
        shapes.Invited,
        body=content({"login": login, "name": name, "person": person, "roles": roles}),
        changes=True,
    )


def get_account(account: str) -> Call[shapes.AccountDocument]:
    """An account. With its roles."""
    return Call("getAccount", "GET", f"/accounts/{segment(account)}", shapes.AccountDocument)


def put_roles(account: str, roles: Sequence[str]) -> Call[shapes.AccountDocument]:
    """Give roles. Exactly these. The last owner stays one."""
    return Call(
        "putRoles",
        "PUT",
        f"/accounts/{segment(account)}/roles",
        shapes.AccountDocument,
        body=content({"roles": roles}),
        changes=True,
    )


def put_account_person(account: str, person: str) -> Call[shapes.AccountDocument]:
    """Link with a person. Say which person of the roster it is."""
    return Call(
        "putAccountPerson",
        "PUT",
        f"/accounts/{segment(account)}/person",
        shapes.AccountDocument,
        body=content({"person": person}),
        changes=True,
    )


def invite_account(account: str) -> Call[shapes.Invited]:
    """A new link. Earlier ones end."""
    return Call("inviteAccount", "POST", f"/accounts/{segment(account)}/invite", shapes.Invited, changes=True)


def suspend_account(account: str) -> Call[shapes.AccountDocument]:
    """Shut an account. Its sessions and tokens end at once."""
    return Call("suspendAccount", "POST", f"/accounts/{segment(account)}/suspend", shapes.AccountDocument, changes=True)


def reinstate_account(account: str) -> Call[shapes.AccountDocument]:
    """Open it again. With the roles that it has."""
    return Call(
        "reinstateAccount", "POST", f"/accounts/{segment(account)}/reinstate", shapes.AccountDocument, changes=True
    )


def end_sessions(account: str) -> Call[None]:
    """End its sessions. Whoever is signed in with it has to sign in again."""
    return Call("endSessions", "POST", f"/accounts/{segment(account)}/end-sessions", type(None), changes=True)


def remove_factor(account: str) -> Call[None]:
    """Take off its authenticator. For one that is lost: it signs in with its password alone until another one is
    set up.
    """
    return Call("removeFactor", "POST", f"/accounts/{segment(account)}/remove-factor", type(None), changes=True)


def revoke_account_token(account: str, token: str) -> Call[None]:
    """End a token of it. At once."""
    return Call(
        "revokeAccountToken",
        "DELETE",
        f"/accounts/{segment(account)}/tokens/{segment(token)}",
        type(None),
        changes=True,
    )


def list_jobs(
    *, after: str | None = None, limit: int | None = None
) -> Paged[shapes.JobDocumentPage, shapes.JobDocument]:
    """My jobs. The newest first, also those that were begun in the console; what came out is kept for a week."""
    return Paged("listJobs", "GET", "/jobs", shapes.JobDocumentPage, query=questions({"after": after, "limit": limit}))


def get_job(job: str) -> Call[shapes.JobDocument]:
    """A job. How far it is."""
    return Call("getJob", "GET", f"/jobs/{segment(job)}", shapes.JobDocument)


def get_job_result(job: str) -> Call[bytes]:
    """What a job made. In the media type that the job names. Raises a conflict while it is not done."""
    return Call("getJobResult", "GET", f"/jobs/{segment(job)}/result", bytes)


def cancel_job(job: str) -> Call[shapes.JobDocument]:
    """Cancel a job. It ends within a moment. One that is over stays as it is, which is a conflict."""
    return Call("cancelJob", "POST", f"/jobs/{segment(job)}/cancel", shapes.JobDocument, changes=True)
