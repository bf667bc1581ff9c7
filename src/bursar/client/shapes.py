"""What the API answers, as values. Written by tools/write_client.py from the OpenAPI document; a test compares them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AccountDocument:
    """An account; nothing of it is secret."""

    id: str
    """Its id."""
    login: str
    """What one signs in with."""
    name: str
    """Name."""
    person: str
    """Handle of the person that it is; empty for nobody of the roster."""
    roles: tuple[str, ...]
    """Roles that were given here."""
    mapped: tuple[str, ...]
    """Roles by groups of the identity provider."""
    status: str
    """active or suspended."""
    has_password: bool
    """Whether it has a password here."""
    has_second_factor: bool
    """Whether it has an authenticator."""
    created: str
    """When it was made."""
    signed_in: str | None
    """Last sign-in that is remembered."""


@dataclass(frozen=True, slots=True)
class AccountDocumentPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[AccountDocument, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class AdjustedGapOfGroup:
    """What is left of a gap beside controls: least squares on logarithms."""

    gap: float
    """Share that the group has less; below 0: more."""
    low: float
    """The 95 % interval from the classical error."""
    high: float
    """Its upper end."""
    robust_low: float
    """The 95 % interval from the robust error (HC3)."""
    robust_high: float
    """Its upper end."""
    coefficient: float
    """Of belonging to the group, in logarithms."""
    error: float
    """Its classical standard error."""
    hc1_error: float
    """HC1."""
    hc3_error: float
    """HC3."""
    t: float | None
    """Coefficient over error; null without any spread."""
    people: int
    """Who has something."""
    significant: bool
    """Neither interval holds zero."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Something that is allowed and worth a second thought."""

    code: str
    """Its name."""
    line: int
    """Its line."""
    sentence: str
    """In words."""


@dataclass(frozen=True, slots=True)
class Amount:
    """An exact amount. `amount` and `nanos` say the same."""

    amount: str
    """The exact decimal number."""
    nanos: str
    """The same in nano-units, an integer."""
    unit: str
    """A currency (ISO 4217), tokens, tokens:family, gpu-h or gpu-h:accelerator."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What putting a plan into force does."""

    plan: str
    """Name of the plan."""
    version: int
    """Number of the version."""
    changed: bool
    """False: the newest version says the same."""
    effective: str | None
    """From when it is in force."""
    grants: tuple[GrantPreview, ...]
    """Grants that follow after their notice."""
    dry_run: bool
    """Whether it was only worked out."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What happened to a test on one channel."""

    channel: str
    """Which channel."""
    delivered: bool
    """Whether it arrived."""
    happened: str
    """In words."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """What happened to a test."""

    items: tuple[Attempt, ...]
    """One for each channel."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """Somebody changed something."""

    seq: int
    """Place in the chain."""
    at: str
    """When."""
    actor: str
    """Who, and how they came in."""
    action: str
    """What."""
    subject: str
    """To what."""
    detail: dict[str, Any]
    """With which values."""
    hash: str
    """SHA-256 over this line and the one before."""


@dataclass(frozen=True, slots=True)
class AuditLinePage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[AuditLine, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What somebody has, at an instant."""

    person: str
    """Handle."""
    name: str
    """Full name."""
    at: str
    """The instant."""
    total: Totals
    """Open lots in USD."""
    other_units: tuple[Totals, ...]
    """Open lots of other units, one for each."""
    next_expiry: str | None
    """When the first open lot expires."""
    days_left: int | None
    """How long it lasts at the last week's rate."""
    runs_out: str | None
    """When it runs out by the forecast; null for the past, or not soon."""
    forecast: str
    """The forecast in words."""
    spent_by_day: tuple[Amount, ...]
    """The last 30 days in UTC, the oldest first."""
    lots: tuple[Lot, ...]
    """In the order in which they burn."""


@dataclass(frozen=True, slots=True)
class BandSent:
    """A level and what it is paid."""

    level: str
    """Level of the roster."""
    yearly: str
    """In a year, USD."""


@dataclass(frozen=True, slots=True)
class BillApplied:
    """What was set right."""

    corrected: int
    """Charges that were corrected."""
    charged: int
    """Charges for use that went past the gateway."""
    suspense: int
    """Entries in suspense that were opened or changed."""
    entries: int
    """Entries of the journal that this made; 0 where it had been done before."""


@dataclass(frozen=True, slots=True)
class BillFinding:
    """One difference between a bill and the charges, with its explanation."""

    kind: str
    """estimated, reconciled, unresolved, outside, suspense, midnight, late, unexplained."""
    day: str
    """Day of UTC."""
    model: str
    """The model."""
    key: str
    """What the provider calls the key; empty for the gateway's own."""
    person: str
    """Handle of whose it is; empty where nobody is known."""
    charge: str
    """The charge that is to be corrected; empty where there is none."""
    told: dict[str, int]
    """Tokens that it should be, or that are open."""
    charged: dict[str, int]
    """Tokens that the charge says now."""
    list_price: Amount | None
    """Of the tokens told, at list price; null where there is no price."""
    why: str
    """How it is known."""


@dataclass(frozen=True, slots=True)
class BillRead:
    """What became of a bill that was imported."""

    provider: str
    """The provider."""
    first: str
    """First day that it tells of; empty if none."""
    last: str
    """Last day that it tells of."""
    lines: int
    """Days, models and keys."""
    changed: int
    """Of them, new or with other figures than before."""
    dry_run: bool
    """Nothing was kept."""
    skipped: tuple[str, ...]
    """Rows that were left out, with the reason."""


@dataclass(frozen=True, slots=True)
class BilledSeat:
    """A seat as its vendor bills it and as allotments pay it."""

    product: str
    """The product."""
    login: str
    """As the vendor names whoever has it; empty where it is not billed."""
    person: str
    """Handle; empty where nobody of the roster is known by it."""
    state: str
    """paid, unpaid (billed alone), unbilled (paid alone) or unknown."""
    idle: bool
    """Nobody has used it for 30 days."""
    last_used: str
    """The day; empty where the vendor does not say."""
    paid: Amount | None
    """What an allotment pays for it; null where none does."""


@dataclass(frozen=True, slots=True)
class BilledSeatPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[BilledSeat, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class Board:
    """What everybody sees: figures of four whole weeks. A leaderboard says nothing about how good anybody's work
    is.
    """

    open: bool
    """Whether the organisation has one."""
    first_day: str
    """First day that counts."""
    last_day: str
    """Last day that counts."""
    items: tuple[BoardRow, ...]
    """Empty while fewer than five stand on it."""


@dataclass(frozen=True, slots=True)
class BoardRow:
    """Somebody who chose to be here; figures are rounded or told in bands."""

    place: int
    """In this order."""
    shown: str
    """A pseudonym, or a name."""
    by_name: bool
    """Whether it is their own name."""
    mine: bool
    """Whether it is the caller's own row."""
    cost: Amount
    """Of a request."""
    cache_percent: int
    """Of the input, what came from a cache."""
    output_tokens: int
    """Tokens of output by dollar."""
    days: str
    """On how many of the days."""
    spend: str
    """In dollars, in all."""


@dataclass(frozen=True, slots=True)
class BooksMonth:
    """A month in the list of the books."""

    month: str
    """Month of UTC."""
    over: bool
    """Whether it is over."""
    closed: str | None
    """When it was closed; null while it is open."""
    next: bool
    """Whether it can be closed now: months are closed in order."""
    corrections: Amount
    """Booked in it for earlier months, at list price."""


@dataclass(frozen=True, slots=True)
class BooksMonthPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[BooksMonth, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class BooksMovement:
    """A plan's roll-forward, frozen; of a correction only the movement."""

    concerns: str
    """The month that it belongs to."""
    plan: str
    """Name of the plan."""
    unit: str
    """The unit."""
    opening: Amount
    """At the beginning."""
    released: Amount
    """Was released."""
    rolled_in: Amount
    """Rolled in."""
    rolled_out: Amount
    """Rolled out."""
    spent: Amount
    """Was spent."""
    forfeited: Amount
    """Lapsed."""
    revoked: Amount
    """Was taken back."""
    closing: Amount
    """At the end."""


@dataclass(frozen=True, slots=True)
class BooksMovementPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[BooksMovement, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class BooksUsage:
    """What a person used at a provider, frozen."""

    concerns: str
    """The month that it belongs to: an earlier one where it is a correction."""
    person: str
    """Handle."""
    provider: str
    """The provider."""
    unit: str
    """The unit."""
    purpose: str
    """The purpose of the keys that were used."""
    plan_class: str
    """Class of the lots that paid for it."""
    team: str
    """The team then."""
    requests: int
    """Requests."""
    amount: Amount
    """What was charged."""
    list_price: Amount
    """Its value at list price."""
    cost: Amount
    """What it cost."""
    overage: Amount
    """What no lot covered."""


@dataclass(frozen=True, slots=True)
class BooksUsagePage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[BooksUsage, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class Burn:
    """How fast somebody's allotment goes; neither models nor projects, and no lot by name."""

    person: str
    """Handle."""
    name: str
    """Full name."""
    team: str
    """Team."""
    available: Amount
    """What can be used."""
    amount: Amount
    """What was released, of open lots."""
    days_left: int | None
    """How long it lasts at the last week's rate."""
    runs_out: str | None
    """When it runs out by the forecast."""
    forecast: str
    """The forecast in words."""
    spent_by_day: tuple[Amount, ...]
    """The last 30 days in UTC, the oldest first."""


@dataclass(frozen=True, slots=True)
class BurnPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[Burn, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class Burning:
    """What goes through the gateway for one person."""

    person: str
    """Handle."""
    in_flight: int
    """Requests in flight."""
    requests_minute: int
    """Requests of the last minute."""
    spent_minute: Amount
    """Spent in the last minute."""
    today: Amount
    """Spent today, UTC."""
    held: Amount
    """Held."""


@dataclass(frozen=True, slots=True)
class ChangeOfCalendar:
    """What a change of a grant adds to the calendar of the year after it, and takes from it."""

    grant: str
    """Id of the grant."""
    person: str
    """Handle."""
    gone: tuple[Event, ...]
    """What would have come and does not any more."""
    coming: tuple[Event, ...]
    """What comes instead."""
    dry_run: bool
    """Whether it was only worked out."""
    kind: str | None
    """Of an amendment: improve, adjust or reduce."""
    starts: str | None
    """Of an amendment: the day from which the new terms hold."""
    before: str | None
    """Of an amendment: the terms until then."""
    after: str | None
    """Of an amendment: the terms from then on."""
    tier: str | None
    """Of an amendment: the tier."""


@dataclass(frozen=True, slots=True)
class Check:
    """One of the doctor's checks."""

    check: str
    """What is checked."""
    good: bool
    """Whether it is as it should be."""
    detail: str
    """What was found."""
    hint: str
    """What to do."""


@dataclass(frozen=True, slots=True)
class Checks:
    """The installation, checked."""

    good: bool
    """Whether everything is as it should be."""
    items: tuple[Check, ...]
    """Every check."""


@dataclass(frozen=True, slots=True)
class Close:
    """A close; opening a month again marks it, and nothing is ever deleted."""

    month: str
    """The month."""
    number: int
    """How often the month was closed by then."""
    closed: str
    """When."""
    actor: str
    """By whom, as the audit log says it."""
    note: str
    """What was said with it."""
    seq: int
    """The newest entry of the journal then."""
    head: str
    """And its seal."""
    previous: str
    """Digest of the close before."""
    digest: str
    """SHA-256 of what was frozen."""
    reopened: str | None
    """When it was opened again; null while it is in force."""
    reopened_by: str
    """By whom."""
    reopen_reason: str
    """Why."""


@dataclass(frozen=True, slots=True)
class Coming:
    """Something that will happen to what somebody has."""

    day: str
    """In the plan's time zone."""
    at: str
    """The instant."""
    event: str
    """release, roll, expire, trim, revoke or reduce."""
    amount: Amount
    """What it is about."""
    sentence: str
    """In words."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Offers side by side."""

    by_headline: tuple[str, ...]
    """By the sum that is advertised."""
    by_cash_and_equity: tuple[str, ...]
    """By cash and equity."""
    by_worth: tuple[str, ...]
    """By what they are worth."""
    offers: tuple[Evaluation, ...]
    """Each of them."""
    answers: dict[str, Any]
    """Everything, as `bursar offer compare --json` prints it."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What somebody agreed to."""

    kind: str
    """own_money: to pay beyond the limit from one's pay."""
    words: str
    """The words that were agreed to."""
    given: str
    """When."""
    withdrawn: str | None
    """When it was taken back."""


@dataclass(frozen=True, slots=True)
class Consents:
    """What somebody agreed to, and the words that are asked for now."""

    words: str
    """What one agrees to now."""
    items: tuple[Consent, ...]
    """Oldest first."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A charge that was made for days after the end."""

    day: str
    """Of the charge."""
    before: Amount
    """What it was."""
    after: Amount
    """What it is."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice on its way over one channel."""

    channel: str
    """Which channel."""
    state: str
    """waiting, delivered or failed."""
    attempts: int
    """How often it was tried."""
    delivered: str | None
    """When it arrived."""
    reason: str
    """Why it did not."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A term that two plans do not share."""

    term: str
    """Its path."""
    before: str | None
    """What it was, null for nothing."""
    after: str | None
    """What it is, null for nothing."""


@dataclass(frozen=True, slots=True)
class Differences:
    """How two plans differ."""

    items: tuple[Difference, ...]
    """Term by term."""
    text: tuple[str, ...]
    """The documents' lines as a unified diff."""


@dataclass(frozen=True, slots=True)
class EndedSeat:
    """A seat that ends."""

    id: str
    """Its id."""
    person: str
    """Handle."""
    product: str
    """The product."""
    amount: Amount
    """Of a whole period."""
    every: str
    """The period."""
    starts: str
    """First day."""
    ends: str | None
    """Last day, null while it goes on."""
    proration: str
    """What a part of a period costs: none or daily."""
    next_charge: str | None
    """When it is charged next."""
    corrected: tuple[Correction, ...]
    """Charges that were corrected."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that is known of an offer; money in its currency, by year where nothing else is said."""

    offer: str
    """Its name."""
    currency: str
    """Of every sum."""
    id: str
    """SHA-256 of all that the answer depends on."""
    sentence: str
    """What it is worth, in a sentence."""
    worth_by_year: float
    """Mean cash equivalent of a year."""
    share_of_face: float
    """The same as a share of the face amount."""
    answers: dict[str, Any]
    """Everything, as `bursar offer evaluate --json` prints it."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that falls due."""

    person: str | None
    """Whose it is, where several people's are told."""
    grant: str
    """Id of the grant; empty for a seat."""
    seat: str
    """Id of the seat; empty for a grant."""
    event: str
    """release, vest, adjust, reduce, end, tail or seat."""
    period: str
    """The period that it belongs to."""
    day: str
    """In the plan's time zone."""
    at: str
    """The instant."""
    amount: Amount
    """What it is about."""
    expires: str | None
    """When what is released expires."""
    sentence: str
    """In words."""
    evidence: str
    """The rule behind it."""


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[Event, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """Where everything is that was ever promised in a unit. What rolled over is promised once."""

    unit: str
    """The unit."""
    at: str
    """When this was read."""
    promised: Amount
    """available + held + spent + expired + revoked."""
    available: Amount
    """What people can still use."""
    held: Amount
    """Held by requests in flight."""
    spent: Amount
    """What was used."""
    expired: Amount
    """What expired."""
    revoked: Amount
    """What was taken back."""
    rolled: Amount
    """What rolled over from one lot to the next."""
    overage: Amount
    """What was used and no lot covered."""


@dataclass(frozen=True, slots=True)
class ExposureGroup:
    """The lots of a group. Small groups of people are told together: `merged` says how many they are."""

    key: str
    """A plan, a tier, a team, or where it may be spent."""
    people: int
    """How many people have them."""
    merged: int
    """Above zero: so many groups of fewer than five people."""
    released: Amount
    """Ever released; what rolled over counts once."""
    open: Amount
    """Can be drawn on now."""
    held: Amount
    """Held by requests in flight."""
    spent: Amount
    """Was used."""
    forfeited: Amount
    """Lapsed unused."""
    revoked: Amount
    """Was taken back."""
    coming: Amount
    """Promised for the next twelve months and not released yet."""


@dataclass(frozen=True, slots=True)
class ExposureGroups:
    """Exposure by a group."""

    by: str
    """What it is grouped by."""
    unit: str
    """The unit."""
    at: str
    """When the figures were taken."""
    most_now: Amount
    """The most that can be spent before anything else is released."""
    coming: Amount
    """Promised for the next twelve months and not released yet."""
    items: tuple[ExposureGroup, ...]
    """The largest first."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One of the twelve answers."""

    id: str
    """Name of the question."""
    question: str
    """The question."""
    answer: str
    """The answer; where the document does not say, the question to ask."""
    given: bool
    """Whether the document says it."""


@dataclass(frozen=True, slots=True)
class FactSheetDocument:
    """Twelve answers that an offer owes."""

    plan: str
    """Name of the plan."""
    title: str
    """What people read."""
    digest: str
    """SHA-256 of the terms."""
    tier: str | None
    """For this tier, null for all."""
    standing: str
    """Is it pay or a tool?"""
    answers: tuple[Fact, ...]
    """In the order of a sheet."""
    missing: tuple[str, ...]
    """Questions that the document does not answer."""


@dataclass(frozen=True, slots=True)
class FairnessOfAccess:
    """The whole house by one attribute. Shares are between 0 and 1; nothing here is ever paid out."""

    by: str
    """The attribute."""
    of: str
    """allotment or use."""
    at: str
    """The instant that it is of."""
    days: int | None
    """Of use: the last so many."""
    people: int
    """Everybody who was there."""
    least_people: int
    """Nothing that follows from what is told is about fewer."""
    told_together: int
    """Values of the attribute that are told as one group."""
    four_fifths_line: float
    """Below this share of the highest rate it is worth a look."""
    gap_line: float
    """From here on a gap in pay has to be explained or mended."""
    inequality: InequalityOfAmounts | None
    """Null where nobody has anything, or too few are there."""
    lorenz: tuple[LorenzPoint, ...]
    """The Lorenz curve, in points at least five people apart."""
    groups: tuple[GroupOfPeople, ...]
    """Groups that may be told."""


@dataclass(frozen=True, slots=True)
class FanDay:
    """Spending from today to the end of a day, added up: a tenth of the courses stay below `low`, a tenth above
    `high`.
    """

    day: str
    """The day."""
    low: Amount
    """One in ten stays below."""
    middle: Amount
    """Half stay below."""
    high: Amount
    """One in ten lies above."""


@dataclass(frozen=True, slots=True)
class Flight:
    """A request in flight."""

    id: str
    """Of its hold."""
    model: str
    """The model."""
    held: Amount
    """What it may still cost."""
    since: str
    """Since when."""
    key: str
    """Id of the key."""
    session: str
    """The agent's session; may be empty."""
    agent: str
    """The agent; may be empty."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where the month lands, from the courses of recent weeks."""

    month: str
    """This month."""
    at: str
    """When the figures were taken."""
    so_far: Amount
    """Spent in the month, today included."""
    released: Amount
    """What lots have opened in the month."""
    weeks: int
    """Weeks that the forecast is drawn from; 0: there are too few for one."""
    items: tuple[FanDay, ...]
    """From today on; empty where there is no forecast."""


@dataclass(frozen=True, slots=True)
class Funded:
    """What was put into a pool."""

    pool: str
    """Its account."""
    lot: str
    """Id of the lot."""
    amount: Amount
    """How much."""


@dataclass(frozen=True, slots=True)
class Given:
    """What giving a grant does."""

    grant: str
    """Id of the grant."""
    person: str
    """Handle."""
    plan: str | None
    """Name of the plan, null for a lot by hand."""
    version: int | None
    """Its version."""
    tier: str | None
    """Its tier."""
    amount: Amount
    """Of a period, or of the lot."""
    terms: str
    """In words."""
    planned: tuple[Event, ...]
    """What will happen in the year ahead."""
    note: str
    """What to know about it."""
    dry_run: bool
    """Whether it was only worked out."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A promise to a person."""

    id: str
    """Its id."""
    person: str
    """Handle."""
    kind: str
    """plan: under the terms of a plan; given: one lot, by hand."""
    title: str
    """The plan's name; of a lot, its label."""
    amount: Amount
    """Of a period, in force now; of a lot, what was given."""
    terms: str
    """In words."""
    state: str
    """ahead, running, paused or over."""
    starts: str
    """From when."""
    ends: str | None
    """Until when, null while no end is known."""
    end_kind: str | None
    """left, revoked or ended; of a lot, expiry."""
    note: str
    """A word on it."""
    changes: tuple[GrantChange, ...]
    """Its terms, the first ones first."""
    pauses: tuple[Pause, ...]
    """Times in which nothing is released."""


@dataclass(frozen=True, slots=True)
class GrantChange:
    """Terms of a grant from an instant on."""

    starts: str
    """From when they hold."""
    plan: str
    """Name of the plan."""
    version: int
    """Its version."""
    tier: str
    """Its tier."""
    amount: Amount
    """The amount of a period."""
    terms: str
    """In words."""
    announced: str
    """When it was said."""
    by: str
    """By whom."""
    reason: str
    """Why."""


@dataclass(frozen=True, slots=True)
class GrantPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[Grant, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class GrantPreview:
    """What a new version does to a grant."""

    grant: str
    """Id of the grant."""
    person: str
    """Handle."""
    starts: str
    """When the new terms hold for it."""
    before: str
    """Terms until then."""
    after: str
    """Terms from then on."""
    tier: str
    """Its tier."""


@dataclass(frozen=True, slots=True)
class GroupOfPeople:
    """One group of at least five people beside all others."""

    name: str | None
    """Value of the attribute; null for small groups told together."""
    people: int
    """How many."""
    with_access: float
    """Share of them who have any."""
    ratio: float
    """That share over the highest."""
    below_four_fifths: bool
    """Whether the ratio is below the line."""
    fisher_p: float | None
    """How likely such a difference is by chance; null for the highest."""
    mean: float
    """In USD."""
    gap: float | None
    """Share that it has less than all others on average."""
    beside_tenure: AdjustedGapOfGroup | None
    """Beside tenure alone; null where it cannot be told."""
    beside_level_family_tenure: AdjustedGapOfGroup | None
    """Beside controls that may hide a gap."""
    above_line: bool
    """Whether either gap is above the line."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest seal: kept elsewhere, it proves that everything before it is still there, unchanged."""

    batch: int
    """Number of the seal, 0 before the first entry."""
    seq: int
    """The last entry that it covers."""
    recorded: str | None
    """When it was made."""
    hash: str
    """SHA-256, hex."""


@dataclass(frozen=True, slots=True)
class Health:
    """Whether this process answers and reaches its database."""

    ok: bool
    """It does."""
    version: str
    """Of Bursar."""


@dataclass(frozen=True, slots=True)
class HouseLook:
    """Somebody looked at somebody's figures."""

    at: str
    """When first in that hour."""
    who: str
    """Login of the account."""
    name: str
    """Its name."""
    role: str
    """In which role."""
    action: str
    """What the access table calls it."""
    what: str
    """The page or report."""
    everybody: bool
    """It was at everybody, not at this person in particular."""
    whom: str
    """Handle; empty for everybody at once."""


@dataclass(frozen=True, slots=True)
class HouseLookPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[HouseLook, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class HouseSums:
    """Totals of a group."""

    key: str
    """What the group is."""
    people: int
    """How many people it is made of."""
    merged: int
    """Above zero: so many groups of fewer than five people, told together."""
    requests: int
    """Requests."""
    input_tokens: int
    """Input tokens."""
    cached_tokens: int
    """Of these, read from a cache."""
    output_tokens: int
    """Output tokens."""
    amount: Amount
    """What was charged."""
    list_price: Amount
    """Its value at list price, USD."""
    cost: Amount | None
    """What the organisation pays for it; null without the right `cost.read`."""
    overage: Amount
    """What no lot covered."""


@dataclass(frozen=True, slots=True)
class IfLeaving:
    """What would become of everything if today were the last day."""

    last_day: str
    """Today, in the person's zone."""
    has: Amount
    """What is unspent."""
    keeps: Amount
    """What one keeps."""
    loses: Amount
    """What is forfeited."""
    paid_out: Amount
    """What is paid out."""
    never_comes: Amount
    """What the next twelve months would have released."""
    items: tuple[LeavingLot, ...]
    """Lot by lot."""


@dataclass(frozen=True, slots=True)
class InFlight:
    """A request in flight."""

    person: str
    """Handle."""
    model: str
    """The model."""
    held: Amount
    """What it may still cost."""
    since: str
    """Since when."""


@dataclass(frozen=True, slots=True)
class InequalityOfAmounts:
    """How unevenly amounts are shared. Null where somebody's nothing leaves a measure undefined."""

    share_without: float
    """Share of the people who have nothing."""
    mean: float
    """In USD."""
    median: float
    """In USD."""
    gini: float
    """0: all the same; 1: one has everything."""
    theil: float
    """Theil's T."""
    theil_between: float | None
    """Of it, between these groups."""
    theil_within: float | None
    """Of it, within them."""
    mean_log_deviation: float | None
    """Theil's L."""
    atkinson_0_5: float
    """At epsilon 0.5."""
    atkinson_1: float
    """At epsilon 1."""
    atkinson_2: float | None
    """At epsilon 2."""
    p90_p10: float | None
    """The amount at nine tenths over that at one tenth."""
    palma: float | None
    """What the top tenth has over what the lower four tenths have."""
    top_tenth: float
    """Share of the whole that the top tenth has."""


@dataclass(frozen=True, slots=True)
class Interval:
    """What is likely: eight cases of ten lie between `low` and `high`."""

    low: Amount
    """One in ten stays below."""
    middle: Amount
    """Half stay below."""
    high: Amount
    """One in ten lies above."""


@dataclass(frozen=True, slots=True)
class Invited:
    """A link by which its owner sets a password; it is shown this once."""

    account: str
    """Id of the account."""
    link: str
    """To send to its owner and nobody else."""
    until: str
    """It works until then."""


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key at the only moment that its secret is known."""

    id: str
    """Its id, which rotation does not change."""
    person: str
    """Handle of whoever pays with it."""
    hint: str
    """To recognise it by."""
    label: str
    """What it is for."""
    purpose: str
    """work, learning or personal; production for a service."""
    project: str
    """Project of every charge; may be empty."""
    models: tuple[str, ...]
    """Shell patterns of models; empty: every model."""
    cap: Amount | None
    """Most that may ever be spent through it, null for no cap."""
    parent: str
    """The key that it stands under, and ends with; empty for none."""
    requests_per_minute: int
    """Most requests in a minute, 0 for no limit."""
    tokens_per_minute: int
    """Most tokens in a minute, 0 for no limit."""
    created: str
    """When it was issued."""
    expires: str | None
    """When it stops, null for never."""
    state: str
    """live, paused, expired or revoked."""
    secret: str
    """The secret; it is never shown again."""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token at the only moment that its secret is known."""

    id: str
    """Its id."""
    label: str
    """What it is for."""
    hint: str
    """To recognise it by."""
    scopes: tuple[str, ...]
    """Actions that it is limited to."""
    state: str
    """live, expired or revoked."""
    created: str
    """When it was made."""
    expires: str
    """When it ends."""
    last_used: str | None
    """Day in UTC, null for never."""
    secret: str
    """The secret; it is never shown again."""


@dataclass(frozen=True, slots=True)
class JobDocument:
    """A piece of long work."""

    id: str
    """Its id."""
    kind: str
    """What kind of work it is."""
    title: str
    """In words."""
    state: str
    """waiting, running, done, failed or cancelled."""
    share: float
    """How much of it is done, from 0 to 1."""
    created: str
    """When it was begun."""
    started: str | None
    """When work on it began."""
    ended: str | None
    """When it was over."""
    result_type: str | None
    """Media type of its result, once it is done."""
    problem: JobProblem | None
    """Why it failed."""


@dataclass(frozen=True, slots=True)
class JobDocumentPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[JobDocument, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class JobProblem:
    """Why a job failed."""

    status: int
    """As an HTTP status."""
    detail: str
    """In a sentence."""
    hint: str
    """What to do."""


@dataclass(frozen=True, slots=True)
class JournalAccount:
    """What an account takes of a month."""

    account: str
    """Its path, as beancount writes accounts."""
    title: str
    """What people call it."""
    code: str
    """Its number in the general ledger; may be empty."""
    debit: Amount
    """Debits."""
    credit: Amount
    """Credits."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """An entry; its lines sum to zero."""

    entry: str
    """The same whenever the month is drawn up."""
    day: str
    """When it is booked."""
    kind: str
    """purchase, usage, correction, accrual or reversal."""
    narration: str
    """What it is."""
    lines: tuple[JournalLine, ...]
    """Debits and credits."""


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One side of an entry, and what it was made from."""

    account: str
    """Path of the account."""
    cost_centre: str
    """Kept apart by; may be empty."""
    amount: Amount
    """A debit above zero, a credit below."""
    concerns: str
    """Month of the usage behind it."""
    provider: str
    """The provider; may be empty."""
    purpose: str
    """The purpose; may be empty."""
    classes: tuple[str, ...]
    """Classes of the lots that paid."""
    people: int
    """How many people used it."""
    requests: int
    """In how many requests."""
    list_price: Amount
    """The same use at list price."""
    query: str
    """The command that lists the charges behind it."""


@dataclass(frozen=True, slots=True)
class Key:
    """An access key, without its secret."""

    id: str
    """Its id, which rotation does not change."""
    person: str
    """Handle of whoever pays with it."""
    hint: str
    """To recognise it by."""
    label: str
    """What it is for."""
    purpose: str
    """work, learning or personal; production for a service."""
    project: str
    """Project of every charge; may be empty."""
    models: tuple[str, ...]
    """Shell patterns of models; empty: every model."""
    cap: Amount | None
    """Most that may ever be spent through it, null for no cap."""
    parent: str
    """The key that it stands under, and ends with; empty for none."""
    requests_per_minute: int
    """Most requests in a minute, 0 for no limit."""
    tokens_per_minute: int
    """Most tokens in a minute, 0 for no limit."""
    created: str
    """When it was issued."""
    expires: str | None
    """When it stops, null for never."""
    state: str
    """live, paused, expired or revoked."""


@dataclass(frozen=True, slots=True)
class KeyPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[Key, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class LeavingLot:
    """What becomes of a lot."""

    lot: str
    """Id of the lot."""
    label: str
    """What it is called."""
    keeps: Amount
    """What one keeps of it."""
    loses: Amount
    """What is lost."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a last day does."""

    person: str
    """Handle."""
    last_day: str
    """The last day, included."""
    grants: tuple[ChangeOfCalendar, ...]
    """What it does to each grant."""
    seats: int
    """Subscriptions that end with it."""
    dry_run: bool
    """Whether it was only worked out."""


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody looked at a person's figures."""

    at: str
    """When first in that hour."""
    who: str
    """Login of the account."""
    name: str
    """Its name."""
    role: str
    """In which role."""
    action: str
    """What the access table calls it."""
    what: str
    """The page or report."""
    everybody: bool
    """It was at everybody, not at this person in particular."""


@dataclass(frozen=True, slots=True)
class LookPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[Look, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class LorenzPoint:
    """A point of the Lorenz curve."""

    people: float
    """Share of the people, from the one with least on."""
    has: float
    """Share of the whole that they have."""


@dataclass(frozen=True, slots=True)
class Lot:
    """An amount with its opening, its expiry and what it may be used for. The buckets add up to `amount`."""

    id: str
    """Its id."""
    grant: str
    """Id of the grant that it comes from."""
    label: str
    """What people read."""
    amount: Amount
    """What was released."""
    available: Amount
    """What can be used."""
    held: Amount
    """Held by requests in flight."""
    spent: Amount
    """What was used."""
    expired: Amount
    """What expired."""
    revoked: Amount
    """What was taken back."""
    opens: str
    """From when it can be used."""
    expires: str | None
    """Until when, null for ever."""
    priority: int
    """Low numbers burn first."""
    scope: str
    """What it may be used for, empty for everything."""
    open: bool
    """Whether it can be drawn on at this instant."""


@dataclass(frozen=True, slots=True)
class LotPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[Lot, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class MadeWebhook:
    """A webhook at the only moment that its signing secret is shown."""

    id: str
    """Its id; `settings` for the one of the settings."""
    label: str
    """What it is for."""
    host: str
    """Host of the address; the rest may hold a token and is not shown."""
    kinds: tuple[str, ...]
    """Kinds of notices that it takes; empty: all."""
    created: str | None
    """When it was made; null for the one of the settings."""
    secret: str
    """Signs as Standard Webhooks has it; it is never shown again."""


@dataclass(frozen=True, slots=True)
class Me:
    """The caller."""

    account: str
    """Id of the account."""
    login: str
    """What one signs in with."""
    name: str
    """Name of the account."""
    person: str | None
    """Handle of the person of the roster, null for somebody who is none."""
    roles: tuple[str, ...]
    """In force now."""
    by_token: bool
    """Whether an API token acts here; it may do less than its account."""
    rights: tuple[Right, ...]
    """Everything that the caller may do at all."""


@dataclass(frozen=True, slots=True)
class Member:
    """That somebody stands on the board."""

    pseudonym: str
    """Empty: under their own name."""
    joined: str
    """Since when."""
    appears: str
    """When the row is there."""


@dataclass(frozen=True, slots=True)
class MonthJournal:
    """A month's journal; a closed month's never changes."""

    month: str
    """Month of UTC."""
    closed: bool
    """False: a preview, which moves."""
    accounts: tuple[JournalAccount, ...]
    """Sums by account."""
    entries: tuple[JournalEntry, ...]
    """Every entry."""
    work: Amount
    """Use for work, at cost."""
    personal: Amount
    """Personal use, at cost."""
    prepaid: Amount
    """Credits bought beforehand that are left."""
    accrued: Amount
    """Accrued for promises, at cost."""
    disclosed: Amount
    """Promised, unused and not accrued, at list price."""


@dataclass(frozen=True, slots=True)
class MonthMoved:
    """What moved in a month of UTC."""

    month: str
    """The month."""
    released: Amount
    """Was released."""
    spent: Amount
    """Was used."""
    forfeited: Amount
    """Lapsed unused."""


@dataclass(frozen=True, slots=True)
class MonthOfBooks:
    """Everything that was done with a month."""

    month: str
    """The month."""
    in_force: int | None
    """Number of the close in force; null while the month is open."""
    intact: bool | None
    """Whether the lines of that close are what was frozen."""
    closes: tuple[Close, ...]
    """The oldest first."""
    job: JobDocument | None
    """The last closing of it, how far it is and why it failed."""


@dataclass(frozen=True, slots=True)
class MonthsMoved:
    """Month by month, this one as far as it has come."""

    unit: str
    """The unit."""
    at: str
    """When the figures were taken."""
    items: tuple[MonthMoved, ...]
    """The oldest first."""


@dataclass(frozen=True, slots=True)
class NodeDocument:
    """A gateway process."""

    name: str
    """Its name."""
    version: str
    """Of Bursar."""
    state: str
    """running, stopped, or silent where it has not reported for a while."""
    started: str
    """Since when."""
    reported: str
    """Its last report."""
    in_flight: int
    """Requests in flight."""
    requests: int
    """Requests since it started."""


@dataclass(frozen=True, slots=True)
class NodeDocumentPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[NodeDocument, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that somebody was told."""

    id: str
    """Names the occasion."""
    kind: str
    """What kind of notice it is."""
    person: str
    """Handle."""
    subject: str
    """The words that others may see."""
    fields: dict[str, str]
    """The exact fields: nano-units and microseconds UTC as strings of integers."""
    created: str
    """When."""
    deliveries: tuple[Delivery, ...]
    """What became of it on each channel."""


@dataclass(frozen=True, slots=True)
class NoticePage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[Notice, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class OpeningDocument:
    """Something that is off until an owner turns it on."""

    name: str
    """Its name."""
    title: str
    """As people call it."""
    what: str
    """What it opens."""
    why: str
    """Why it is closed by default."""
    is_open: bool
    """Whether it is open."""


@dataclass(frozen=True, slots=True)
class OpeningDocumentPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[OpeningDocument, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What will be released, roll over, vest and expire, worked out by the code that does it."""

    person: str
    """Handle."""
    months: int
    """How far ahead."""
    items: tuple[Coming, ...]
    """In order."""
    uncovered: Amount
    """Of the use that was assumed, what no lot covers."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """A rate that was set."""

    version: str
    """Of the price book from now on."""
    sentence: str
    """In words."""
    overlay: dict[str, Any]
    """As the price book holds it."""


@dataclass(frozen=True, slots=True)
class PastExposure:
    """Exposure as the journal stood at an instant: what is recorded later changes nothing of it."""

    by: str
    """What it is grouped by."""
    unit: str
    """The unit."""
    at: str
    """The instant."""
    seq: int
    """The last entry that counts."""
    items: tuple[PastGroup, ...]
    """The largest first; together they are the whole."""


@dataclass(frozen=True, slots=True)
class PastGroup:
    """The lots of a group as they stood."""

    key: str
    """A plan, a tier, a team, where it may be spent, or a handle."""
    lots: int
    """How many lots."""
    released: Amount
    """Ever released; what rolled over counts once."""
    open: Amount
    """Could be drawn on."""
    held: Amount
    """Held by requests in flight."""
    spent: Amount
    """Was used."""
    forfeited: Amount
    """Had lapsed unused."""
    revoked: Amount
    """Had been taken back."""
    rolled: Amount
    """Had moved on into a later lot."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which nothing is released."""

    starts: str
    """From when."""
    ends: str | None
    """Until when, null until it is resumed."""


@dataclass(frozen=True, slots=True)
class PayBand:
    """What a level is paid in a year, in the middle. Nobody's own salary is kept."""

    level: str
    """Level of the roster."""
    yearly: Amount
    """In a year."""
    since: str
    """When it was set."""


@dataclass(frozen=True, slots=True)
class PayBandPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[PayBand, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class PayExpected:
    """What a year of the tokens is expected to bring: statistics, in the currency."""

    face: float
    """What is promised."""
    used: float
    """What will be used."""
    work: float
    """Of it, for work."""
    personal: float
    """Of it, for oneself."""
    unused: float
    """What lapses, or is left at the end."""
    worth: float
    """What it is worth as pay, before tax."""
    low: float
    """Eight worlds of ten lie between this"""
    high: float
    """and this."""
    months_of_own_use: int
    """Months of the person's own use that it is drawn from; 0: usual figures."""


@dataclass(frozen=True, slots=True)
class PayPast:
    """What became of the tokens in the last twelve months."""

    released: Amount
    """Was released."""
    spent: Amount
    """Was used."""
    expired: Amount
    """Lapsed."""
    revoked: Amount
    """Was taken back."""
    left: Amount
    """Is open now."""


@dataclass(frozen=True, slots=True)
class PayPromise:
    """A promise of tokens."""

    grant: str
    """Id of the grant."""
    title: str
    """Title of the plan."""
    terms: str
    """In words."""
    face: Amount
    """What a year promises at the terms of today."""
    use: str
    """What it may be used for: open, work or personal."""


@dataclass(frozen=True, slots=True)
class PayRatio:
    """What somebody's tokens come to in a year beside what their level is paid."""

    person: str
    """Handle."""
    team: str
    """Team."""
    level: str
    """Level of the roster."""
    spent: Amount
    """In the window, at list price."""
    yearly: Amount
    """The same taken for a year."""
    band: Amount | None
    """What the level is paid in a year; null where there is no band."""
    percent: int | None
    """Spend of the pay; null where there is no band."""
    status: str
    """ok, approaching, exceeds or unknown."""


@dataclass(frozen=True, slots=True)
class PayRatioPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[PayRatio, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the roster."""

    id: str
    """Its id, which never changes."""
    handle: str
    """Short name, unique in the organisation."""
    name: str
    """Full name."""
    email: str
    """E-mail address; may be empty."""
    team: str
    """Team."""
    level: str
    """Level, as plans name it."""
    job_family: str
    """Job family."""
    role: str
    """Role."""
    location: str
    """Place of work."""
    zone: str
    """Time zone of the person's days."""
    hire_date: str | None
    """First day."""
    leave_date: str | None
    """Last day, null while none is recorded."""
    manager: str | None
    """Handle of the manager."""
    status: str
    """active, suspended or left."""


@dataclass(frozen=True, slots=True)
class PersonPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[Person, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A version of a plan."""

    name: str
    """Name of the plan."""
    version: int
    """Number of the version, from 1."""
    title: str
    """What people read."""
    plan_class: str
    """provisioned_tool, benefit or hybrid."""
    unit: str
    """What it is counted in."""
    effective: str
    """From when grants are made under it."""
    effective_day: str
    """The same as a day in its time zone."""
    in_force: bool
    """Whether a grant that is given now is under it."""
    digest: str
    """SHA-256 of its terms."""
    created: str
    """When it was put in."""
    by: str
    """By whom."""
    note: str
    """Why."""


@dataclass(frozen=True, slots=True)
class PlanCheck:
    """What a check found. Faults refuse a plan, advice does not."""

    good: bool
    """Whether it has no faults."""
    name: str | None
    """Name of the plan, if it has no faults."""
    digest: str | None
    """SHA-256 of its terms, if it has no faults."""
    faults: tuple[PlanFault, ...]
    """What is wrong."""
    advice: tuple[Advice, ...]
    """What is worth a second thought."""
    missing: tuple[str, ...]
    """Questions of the fact sheet that it leaves open."""


@dataclass(frozen=True, slots=True)
class PlanFault:
    """Something that is wrong with a document."""

    field: str
    """The term."""
    line: int
    """Its line, from 1."""
    column: int
    """Its column, from 1."""
    found: str
    """What was found."""
    expected: str
    """What is allowed."""


@dataclass(frozen=True, slots=True)
class PlanPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[Plan, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class PlanSide:
    """A plan: a version by name, or a document."""

    plan: str = ""
    """Name of a plan in the books."""
    version: int = 0
    """Its version; 0 is the newest."""
    document: str = ""
    """Or YAML of `bursar: plan/1`."""


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """A version with its document and its terms."""

    name: str
    """Name of the plan."""
    version: int
    """Number of the version, from 1."""
    title: str
    """What people read."""
    plan_class: str
    """provisioned_tool, benefit or hybrid."""
    unit: str
    """What it is counted in."""
    effective: str
    """From when grants are made under it."""
    effective_day: str
    """The same as a day in its time zone."""
    in_force: bool
    """Whether a grant that is given now is under it."""
    digest: str
    """SHA-256 of its terms."""
    created: str
    """When it was put in."""
    by: str
    """By whom."""
    note: str
    """Why."""
    document: str
    """The document, as it was written."""
    terms: dict[str, Any]
    """The terms as they were read."""


@dataclass(frozen=True, slots=True)
class Policies:
    """The whole access table."""

    items: tuple[Policy, ...]
    """In the order of the reference."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One row of the access table."""

    action: str
    """Name of the action."""
    what: str
    """What it is."""
    why: str
    """Why these roles, and no others."""
    roles: dict[str, str]
    """By role, how far it reaches."""
    logged: bool
    """Looks by others are written down for the person."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Money that a team shares when somebody's own is used up."""

    pool: str
    """Its account."""
    available: Amount
    """What can be used."""
    held: Amount
    """Held by requests in flight."""
    spent: Amount
    """What was used."""
    amount: Amount
    """What was put in, of what is open."""


@dataclass(frozen=True, slots=True)
class Pools:
    """Pools."""

    items: tuple[Pool, ...]
    """By name."""


@dataclass(frozen=True, slots=True)
class PriceScenario:
    """The last days of use at other prices, and what a promise will buy."""

    days: int
    """Days of use that it rests on."""
    list_before: Amount
    """At list price, as it was."""
    list_after: Amount
    """At the other prices."""
    cost_before: Amount
    """What the organisation paid."""
    cost_after: Amount
    """What it would pay."""
    unpriced: tuple[str, ...]
    """Models to move to without a known price: nobody was moved."""
    out_before: int
    """People who run out before the month ends."""
    out_after: int
    """The same at the other prices."""
    worth: tuple[Worth, ...]
    """What the promise is worth, by what happens to prices."""


@dataclass(frozen=True, slots=True)
class PriceVersion:
    """A version of the price book."""

    version: str
    """Its name."""
    created: str
    """When it was made."""
    source: str
    """Where its list prices are from."""
    in_force: bool
    """Whether it is the one in force."""
    list_changed: bool
    """Whether the list prices are others than before."""
    added: tuple[dict[str, Any], ...] | None
    """Rates that were laid over; null without `cost.read`."""


@dataclass(frozen=True, slots=True)
class PriceVersionPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[PriceVersion, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Where requests are relayed to."""

    name: str
    """Its name."""
    kind: str
    """The price book's name of it."""
    base_url: str
    """What precedes /v1/..."""
    models: tuple[str, ...]
    """Patterns of models that are routed here."""
    secret: str
    """encrypted or none; it is never shown."""
    state: str
    """enabled or disabled."""


@dataclass(frozen=True, slots=True)
class ProviderBill:
    """A month of a provider held against its bill. Without findings, everything agrees to the token."""

    provider: str
    """The provider."""
    month: str
    """Month of UTC."""
    compared: int
    """Days and models that were compared."""
    matched: int
    """Of them, those that agree as they are."""
    unexplained: int
    """Findings that nobody can explain."""
    gateway_keys: tuple[str, ...]
    """What the provider calls the gateway's keys."""
    assumed: bool
    """Nobody said which keys are the gateway's: those that fit the charges were taken."""
    bill: Amount
    """The bill's tokens at list price."""
    charged: Amount
    """What is charged, at list price."""
    invoiced: Amount | None
    """What the provider itself says that it charges; null if it has not."""
    dismissed: Amount
    """On the bill, and said to be nobody's to pay."""
    findings: tuple[BillFinding, ...]
    """By day and model."""


@dataclass(frozen=True, slots=True)
class ProviderMonth:
    """What a provider's month came to."""

    month: str
    """Month of UTC."""
    provider: str
    """The provider."""
    requests: int
    """Requests."""
    list_price: Amount
    """At list price."""
    cost: Amount
    """What the organisation pays for it: to be held against the provider's bill."""


@dataclass(frozen=True, slots=True)
class ProviderMonthPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[ProviderMonth, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class ProviderPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[Provider, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask before one signs."""

    line: str
    """Which promise it is about."""
    term: str
    """Which term."""
    question: str
    """The question."""
    why: str
    """Why it matters."""
    presumed: str
    """What was presumed as long as nobody says."""
    swing_by_year: float
    """How much the answer may change, by year."""


@dataclass(frozen=True, slots=True)
class Questions:
    """What to ask, the most valuable first."""

    offer: str
    """Its name."""
    items: tuple[Question, ...]
    """The most valuable first."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What a million tokens cost, USD."""

    provider: str
    """The price book's name of the provider."""
    model: str
    """The model."""
    what: str
    """input, output, cache read ..."""
    list_price: str
    """At list price."""
    cost: str | None
    """What the organisation pays; null without the right `cost.read`."""
    note: str
    """Tier, or whose rate it is."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Prices in force at an instant."""

    at: str
    """The instant."""
    version: str
    """Of the price book; a charge names the one it was made with."""
    items: tuple[Rate, ...]
    """At most 50 models."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The same money counted in several places."""

    at: str
    """When."""
    seq: int
    """As of this entry."""
    agree: bool
    """Whether everything agrees."""
    items: tuple[Tied, ...]
    """Spending by month, balances by bucket, holds."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event, as it was recorded."""

    source: str
    """Who said it."""
    id: str
    """Its id within the source."""
    person: str
    """Handle."""
    at: str
    """When it was used."""
    model: str
    """Model, product or accelerator."""
    purpose: str
    """work, learning, personal or production."""
    project: str
    """Project."""
    amount: Amount
    """What was used."""
    overage: Amount
    """What no lot covered."""
    late: bool
    """Charged to the present, since its period is closed."""
    repeated: bool
    """It was recorded before, and nothing was done now."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A batch of events: all of it, or an error."""

    recorded: int
    """Events that are new."""
    repeated: int
    """Events that were recorded before."""
    dry_run: bool
    """Whether it was only checked."""
    items: tuple[Recorded, ...]
    """Every event."""


@dataclass(frozen=True, slots=True)
class Refused:
    """How often something was turned away, or went wrong."""

    kind: str
    """refusal or error."""
    reason: str
    """Why."""
    provider: str
    """The provider; may be empty."""
    number: int
    """How often."""
    last: str
    """The last hour in which it happened."""


@dataclass(frozen=True, slots=True)
class RefusedPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[Refused, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class Released:
    """What was taken back of a lot that was given by hand, or what ending a grant does to the calendar."""

    grant: str
    """Id of the grant."""
    revoked: Amount | None
    """Taken back at once, of a lot by hand."""
    change: ChangeOfCalendar | None
    """Of a grant under a plan."""


@dataclass(frozen=True, slots=True)
class Right:
    """Something that the caller may do, and how far."""

    action: str
    """Name of the action."""
    what: str
    """What it is."""
    reach: tuple[str, ...]
    """own, named, team, organisation."""


@dataclass(frozen=True, slots=True)
class RunOuts:
    """How many run out, what is spent and what lapses, of everybody together."""

    at: str
    """When the figures were taken."""
    days: int
    """Days ahead, today included."""
    people: int
    """People of the roster."""
    likely: int
    """Who run out in more than half of the courses."""
    expected: tuple[float, ...]
    """How many are expected to have run out, by the end of each day."""
    spent: Interval
    """From today's midnight to the end."""
    forfeited: Interval
    """What lapses unused."""


@dataclass(frozen=True, slots=True)
class Running:
    """What a person's agents are doing right now."""

    held: Amount
    """Held by all requests in flight."""
    items: tuple[Flight, ...]
    """Requests in flight."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A subscription that is paid from somebody's lots."""

    id: str
    """Its id."""
    person: str
    """Handle."""
    product: str
    """The product."""
    amount: Amount
    """Of a whole period."""
    every: str
    """The period."""
    starts: str
    """First day."""
    ends: str | None
    """Last day, null while it goes on."""
    proration: str
    """What a part of a period costs: none or daily."""
    next_charge: str | None
    """When it is charged next."""


@dataclass(frozen=True, slots=True)
class SeatPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[Seat, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class SessionToken:
    """What a session's change has to carry."""

    header: str
    """Name of the header."""
    token: str
    """Its value, good for the whole session."""


@dataclass(frozen=True, slots=True)
class SettingDocument:
    """How one thing is set up. A secret is never told."""

    name: str
    """Its name."""
    variable: str
    """The environment variable that sets it."""
    value: str
    """In force; of a secret only whether there is one."""
    default: str
    """Without any setting."""
    source: str
    """environment, file or default."""
    what: str
    """What it is for."""


@dataclass(frozen=True, slots=True)
class SettingDocumentPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[SettingDocument, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class Spend:
    """Where the money of the house goes, without saying who."""

    by: str
    """What it is grouped by."""
    starts: str
    """First day."""
    ends: str
    """End, exclusive."""
    unit: str
    """The unit."""
    people: int
    """Who used anything, in all."""
    items: tuple[HouseSums, ...]
    """Most first."""


@dataclass(frozen=True, slots=True)
class Statement:
    """An account over a time, in one unit: `opening` plus all changes is `closing`."""

    person: str
    """Handle."""
    starts: str
    """First instant."""
    ends: str
    """End, exclusive."""
    unit: str
    """The unit."""
    opening: Amount
    """What the person had before."""
    closing: Amount
    """What the person had at the end."""
    other_units: tuple[str, ...]
    """Units with a statement of their own."""
    items: tuple[StatementLine, ...]
    """In the order in which it happened."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A movement of the account."""

    seq: int | None
    """Place in the journal; null for what is due and not recorded yet."""
    at: str
    """When it happened."""
    kind: str
    """release, settle, charge, expire, revoke, correct, hold, void ..."""
    what: str
    """The model of a charge, else the lot."""
    change: Amount
    """What it adds to what the person has."""
    spent: Amount
    """What it adds to the spending."""
    balance: Amount
    """What the person has afterwards."""
    list_price: Amount | None
    """Of a charge: its value at list price, USD."""
    status: str | None
    """Of a charge: exact, estimated, unresolved or corrected."""
    request_id: str | None
    """Of a charge: the request."""
    tokens: dict[str, int] | None
    """Of a charge: disjoint counts."""
    note: str
    """A word on it."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Totals of a group."""

    key: str
    """What the group is: a model, a project, a day ..."""
    name: str
    """The same as people call it: a key by its label."""
    requests: int
    """Requests."""
    input_tokens: int | None
    """Input tokens, null where they are not counted by group."""
    cached_tokens: int | None
    """Of these, read from a cache."""
    output_tokens: int | None
    """Output tokens."""
    amount: Amount
    """What was charged."""
    list_price: Amount | None
    """Its value at list price, USD."""
    overage: Amount | None
    """Of what was charged, what no lot covered."""


@dataclass(frozen=True, slots=True)
class SuspenseEntry:
    """Use on a bill that nobody is known to have made."""

    id: str
    """The entry."""
    provider: str
    """The provider."""
    day: str
    """Day of UTC."""
    model: str
    """The model."""
    key: str
    """What the provider calls the key; empty for the gateway's own."""
    tokens: dict[str, int]
    """What is open."""
    list_price: Amount
    """Of what is open."""
    state: str
    """open, attributed or dismissed."""
    person: str
    """Handle of whom it was attributed to."""
    note: str
    """What was said when it was resolved."""
    why: str
    """Why it is here."""
    opened: str
    """Since when."""
    resolved: str | None
    """When it was resolved; null while it is open."""


@dataclass(frozen=True, slots=True)
class SuspenseEntryPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[SuspenseEntry, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class TaxAnswer:
    """What the rules make of a person's month."""

    notice: str
    """That this is no advice, and of which version."""
    person: str
    """Handle."""
    month: str
    """Month of UTC."""
    until: str
    """The last day that is counted; its rules hold."""
    jurisdiction: str
    """Whose rules were asked; empty where nobody said."""
    status: str
    """assessed, or needs_adviser where the rules do not say enough."""
    why: str
    """Why somebody has to be asked; else empty."""
    taxable: Amount | None
    """What counts as pay; null where an adviser has to be asked."""
    at_least: Amount
    """What counts in any case."""
    timing: str
    """When it counts: use, vest, grant; empty where no rule says."""
    basis: str
    """list_price or employer_cost; empty where no rule says."""
    own_money: Amount
    """Own money to be deducted."""
    lines: tuple[TaxLine, ...]
    """Purpose by purpose."""
    trace: tuple[TaxStep, ...]
    """Every rule that had a part, in order."""
    flags: tuple[TaxFlag, ...]
    """What somebody should look at."""
    assumptions: tuple[TaxAssumption, ...]
    """What nobody said."""


@dataclass(frozen=True, slots=True)
class TaxAnswerPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[TaxAnswer, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class TaxAssumption:
    """Something that a rule needed and nobody said."""

    name: str
    """Of the fact."""
    assumed: str
    """What is assumed."""


@dataclass(frozen=True, slots=True)
class TaxFlag:
    """Something that somebody should look at."""

    rule: str
    """Id of the rule behind it."""
    says: str
    """Why."""
    citation: str
    """Who says so."""


@dataclass(frozen=True, slots=True)
class TaxLine:
    """What was used for a purpose, and what of it counts."""

    purpose: str
    """work, learning, personal, other, available, unused, expired, made good (paid for by the person)."""
    amount: Amount
    """At the rule's valuation."""
    taxable: Amount | None
    """What counts as pay; null where no rule says anything."""
    rule: str
    """Id of the rule that decided; empty where none matches."""


@dataclass(frozen=True, slots=True)
class TaxRule:
    """A rule as it is."""

    id: str
    """Its id."""
    jurisdiction: str
    """Country, or a part of one."""
    topic: str
    """What it is about."""
    effect: str
    """include, exclude, cliff, rate, timing, flag, value_basis."""
    says: str
    """In a sentence."""
    holds_from: str
    """First day."""
    holds_to: str | None
    """Last day; null where there is none."""
    citation: str
    """Who says so."""
    source_seen: str
    """Where that was read."""
    confidence: str
    """How sure it is: verified, secondary, memory, open."""
    note: str
    """What is assumed with it; may be empty."""


@dataclass(frozen=True, slots=True)
class TaxRulePage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[TaxRule, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class TaxStep:
    """A rule that had a part in the answer."""

    rule: str
    """Its id."""
    says: str
    """What it says."""
    citation: str
    """Who says so."""
    confidence: str
    """How sure it is: verified, secondary, memory, open."""


@dataclass(frozen=True, slots=True)
class TeamMix:
    """What a team uses and on what, without telling anybody apart. Empty for a team of fewer than five."""

    people: int
    """How many they are."""
    days: int
    """Of so many days."""
    by_day: tuple[Amount, ...]
    """The oldest day first; today is not over."""
    items: tuple[TeamShare, ...]
    """Most first."""


@dataclass(frozen=True, slots=True)
class TeamShare:
    """What a model or project took of a team."""

    key: str
    """A model or project; empty: those that fewer than five people used."""
    people: int
    """How many people used it."""
    amount: Amount
    """What they used."""


@dataclass(frozen=True, slots=True)
class Term:
    """The terms that hold for somebody under one grant, in plain words."""

    grant: str
    """Id of the grant."""
    plan: str
    """Name of the plan."""
    title: str
    """What people read."""
    version: int
    """Its version."""
    tier: str
    """Its tier."""
    amount: str
    """In words."""
    since: str
    """Since when these terms hold."""
    standing: str
    """Is it pay or a tool?"""
    answers: tuple[Fact, ...]
    """The twelve answers."""
    missing: tuple[str, ...]
    """Questions that are not answered."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything that holds for somebody."""

    items: tuple[Term, ...]
    """One for each grant that runs."""


@dataclass(frozen=True, slots=True)
class Tied:
    """One figure in several places."""

    what: str
    """A month, a bucket of the lots, or `holds`."""
    unit: str
    """The unit."""
    journal: Amount | None
    """What the journal's postings say."""
    charges: Amount | None
    """What the charges say."""
    daily: Amount | None
    """What the daily figures say."""
    lots: Amount | None
    """What the lots say."""
    holds: Amount | None
    """What the holds say."""
    agree: bool
    """Whether they agree to the nano-unit."""


@dataclass(frozen=True, slots=True)
class Token:
    """An API token, without its secret."""

    id: str
    """Its id."""
    label: str
    """What it is for."""
    hint: str
    """To recognise it by."""
    scopes: tuple[str, ...]
    """Actions that it is limited to."""
    state: str
    """live, expired or revoked."""
    created: str
    """When it was made."""
    expires: str
    """When it ends."""
    last_used: str | None
    """Day in UTC, null for never."""


@dataclass(frozen=True, slots=True)
class TokenPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[Token, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class TopUp:
    """A request for more."""

    id: str
    """Its id."""
    person: str
    """Handle of whoever asks."""
    grant: str
    """Id of the grant that it is under."""
    amount: Amount
    """What is asked for."""
    reason: str
    """Why."""
    state: str
    """open, approved, denied, withdrawn or expired."""
    waits_for: str | None
    """Whose turn it is; `anybody` with the right."""
    approved_by: tuple[str, ...]
    """Who approved so far."""
    created: str
    """When it was asked."""
    expires: str
    """When it lapses."""
    decided: str | None
    """When it was decided."""
    decided_by: str | None
    """By whom."""
    note: str
    """A word to the person."""


@dataclass(frozen=True, slots=True)
class TopUpPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[TopUp, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class TotalPay:
    """A statement of total pay. Tokens are not in the total."""

    person: str
    """Handle."""
    currency: str
    """Of all figures."""
    cash: float
    """Salary and bonus as they were sent."""
    paid: float
    """Cash, equity and benefits: the total."""
    promises: tuple[PayPromise, ...]
    """Promises of tokens in the currency."""
    elsewhere: tuple[PayPromise, ...]
    """Promises in other units: told, not valued."""
    past: PayPast
    """The last twelve months."""
    expected: PayExpected | None
    """The next twelve; null where nothing is promised."""


@dataclass(frozen=True, slots=True)
class Totals:
    """All open lots of one unit together."""

    unit: str
    """The unit."""
    amount: Amount
    """What was released."""
    available: Amount
    """What can be used."""
    held: Amount
    """Held by requests in flight."""
    spent: Amount
    """What was used of it."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What goes on at the gateway right now."""

    at: str
    """The instant."""
    in_flight: tuple[InFlight, ...]
    """Requests in flight."""
    people: tuple[Burning, ...]
    """Whoever has something open."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Where somebody's allotment went."""

    person: str
    """Handle."""
    by: str
    """What it is grouped by."""
    starts: str
    """First instant."""
    ends: str
    """End, exclusive."""
    unit: str
    """The unit."""
    other_units: tuple[str, ...]
    """Units with usage of their own."""
    complete: bool
    """False where only the newest charges were looked at."""
    items: tuple[Sums, ...]
    """Most first."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What the last verification of the ledger found."""

    at: str
    """When."""
    actor: str
    """Who asked, as the audit log says it."""
    clean: bool
    """Whether it is whole."""
    findings: tuple[str, ...]
    """What is wrong, each in a sentence."""
    entries: int
    """Entries of the journal."""
    anchor: str
    """A line to be kept outside: a later verification is held against it."""
    audit_lines: int
    """Lines of the audit log."""


@dataclass(frozen=True, slots=True)
class Way:
    """A grant under which somebody may ask for more."""

    grant: str
    """Id of the grant."""
    plan: str
    """Title of its plan."""
    unit: str
    """What may be asked for."""
    most: Amount | None
    """At most so much in one request; null for no limit."""
    reason_required: bool
    """Whether it takes a reason."""
    approvers: tuple[str, ...]
    """Who decides, in order."""
    expires_days: int
    """A request lapses after so many days."""
    plan_says: str
    """What the plan says of how long it takes."""
    decided: int
    """Requests that were decided under the plan."""
    median_minutes: int
    """How long half of them took at most."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How somebody can ask for more."""

    items: tuple[Way, ...]
    """One for each grant that allows it."""


@dataclass(frozen=True, slots=True)
class WebhookDocument:
    """An address that notices are posted to."""

    id: str
    """Its id; `settings` for the one of the settings."""
    label: str
    """What it is for."""
    host: str
    """Host of the address; the rest may hold a token and is not shown."""
    kinds: tuple[str, ...]
    """Kinds of notices that it takes; empty: all."""
    created: str | None
    """When it was made; null for the one of the settings."""


@dataclass(frozen=True, slots=True)
class WebhookDocumentPage:
    """Some of a list. `next` is the cursor of what follows: give it as `after`; null at the end."""

    items: tuple[WebhookDocument, ...]
    """In the order of the list."""
    next: str | None
    """Cursor of the next page, null at the end."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What a promise is worth later, if prices do something."""

    scenario: str
    """What happens to prices."""
    factor: float
    """Price then, of now."""
    in_dollars: Amount
    """Promised in dollars: what it buys of today's work."""
    in_tokens: Amount
    """Promised in tokens: what these are worth."""
