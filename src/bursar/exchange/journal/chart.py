"""The chart of accounts `bursar: books/1`: which account takes what, as one YAML document. Pure.

    bursar: books/1
    currency: USD
    accounts:                                   # what is left out keeps its default
      prepaid: {name: "Assets:Prepaid:AI-Credits", title: Prepaid AI credits, code: "1410"}
    postings:                                   # purpose x class -> account; the first that fits decides
      - {purpose: personal, class: "*", account: compensation}
      - {purpose: "*", class: "*", account: expense}
    providers: {anthropic: prepaid, "*": payable}
    by_cost_centre: [expense, compensation]     # accounts that are kept apart by cost centre
    cost_centres: {platform: CC-100}            # team -> cost centre; a team without one is its own
    accrual: {plans: none, use: 60%}
    purchases:
      - {day: 2026-11-03, provider: anthropic, amount: "$300,000", from: cash}

`class` is the class of the plan whose lots paid (`provisioned_tool`, `benefit`, `hybrid`), or `own_money` (deducted from a
person's pay), `pool` (a team's), `by_hand` (a lot without a plan), `overage` (what no lot covered).
"""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

import yaml

from bursar.errors import InvalidInput
from bursar.money import parse_amount

FORMAT = "books/1"
MAX_CHART_BYTES = 256 * 1024
MAX_PURCHASES = 5_000
MAX_MAPPINGS = 200
MAX_COST_CENTRES = 20_000
MAX_TEXT_CHARS = 200
ROLES = ("cash", "prepaid", "payable", "expense", "compensation", "employees", "recharge", "accrual", "accrued")
NAMED = ("work", "learning", "personal", "production")
PURPOSES = (*NAMED, "other")
"""`other` is whatever is none of the named ones."""
CLASSES = ("provisioned_tool", "benefit", "hybrid", "own_money", "pool", "by_hand", "overage")
ANY = "*"
_NAME = re.compile(r"(Assets|Liabilities|Equity|Income|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+")
_SHARE = re.compile(r"(\d{1,3})(?:\.(\d{1,4}))? ?%", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """An account of the general ledger: its path as beancount writes it, what people call it, and its number there."""

    name: str
    title: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """Use of a purpose out of a class goes to an account; `*` fits all."""

    purpose: str
    plan_class: str
    account: str


@dataclass(frozen=True, slots=True)
class Purchase:
    """Credits bought beforehand, nano-units of the chart's currency."""

    day: date
    provider: str
    nanos: int
    paid_from: str = "cash"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Accrual:
    """Which unused promises are a liability, and how much of them will be used: finance's own assumption.

    ASC 710-10-25-1 accrues where rights vest or accumulate and payment is probable and can be estimated (by analogy; its
    scope note leaves benefits of active employees out), IAS 19.11 likewise; use-it-or-lose-it is disclosed, not accrued.
    """

    plans: str | tuple[str, ...] = "none"
    """none, accumulating (plans whose rest is carried or never ends), or plans by name."""
    use: Fraction = Fraction(1)

    def takes(self, plan: str, accumulates: bool) -> bool:
        if isinstance(self.plans, tuple):
            return plan in self.plans
        return self.plans == "accumulating" and accumulates


@dataclass(frozen=True, slots=True)
class Chart:
    """A whole chart; what is drawn up with it is the same for the same figures."""

    currency: str
    accounts: MappingOf[str, Account]
    postings: tuple[Mapping, ...]
    providers: MappingOf[str, str]
    by_cost_centre: tuple[str, ...]
    cost_centres: MappingOf[str, str]
    accrual: Accrual
    purchases: tuple[Purchase, ...]

    def account_of(self, purpose: str, plan_class: str) -> str:
        """The account that a use is booked to; the last mapping fits everything."""
        purpose = purpose if purpose in NAMED else "other"
        for one in self.postings:
            if one.purpose in (ANY, purpose) and one.plan_class in (ANY, plan_class):
                return one.account
        raise AssertionError("a chart is checked to map everything")

    def paid_by(self, provider: str) -> str:
        """The account that a provider's use is taken from: `prepaid`, `payable`."""
        return self.providers.get(provider, self.providers.get(ANY, "payable"))

    def cost_centre(self, team: str) -> str:
        return self.cost_centres.get(team, team)


_ACCOUNTS: dict[str, Account] = {
    "cash": Account("Assets:Bank", "Cash"),
    "prepaid": Account("Assets:Prepaid:AI-Credits", "Prepaid AI credits"),
    "payable": Account("Liabilities:Payable:AI-Providers", "Payable to AI providers"),
    "expense": Account("Expenses:AI-Compute", "AI compute expense (opex, non-benefit)"),
    "compensation": Account("Expenses:Employee-Benefits:AI", "Employee benefits (personal use)"),
    "employees": Account("Assets:Due-From-Employees:AI", "Due from and to employees (own money)"),
    "recharge": Account("Income:Employees:AI-Recharge", "Recharged to employees above cost"),
    "accrual": Account("Expenses:Employee-Benefits:AI-Promised", "Promised AI credits, cost of the accrual"),
    "accrued": Account("Liabilities:Accrued:AI-Promised", "Accrued for promised AI credits"),
}
_POSTINGS = (
    Mapping(ANY, "own_money", "employees"),
    Mapping("personal", ANY, "compensation"),
    Mapping(ANY, ANY, "expense"),
)
DEFAULT_CHART = Chart(
    "USD", _ACCOUNTS, _POSTINGS, {ANY: "payable"}, ("expense", "compensation"), {}, Accrual(), ()
)  # fmt: skip
"""What an installation without a chart of its own books with."""


TEMPLATE = """\
bursar: books/1
currency: USD

# Accounts of the general ledger: a path as beancount writes it, a title, and the number that the account has there.
accounts:
  cash: {name: "Assets:Bank", title: Cash}
  prepaid: {name: "Assets:Prepaid:AI-Credits", title: Prepaid AI credits}
  payable: {name: "Liabilities:Payable:AI-Providers", title: Payable to AI providers}
  expense: {name: "Expenses:AI-Compute", title: "AI compute expense (opex, non-benefit)"}
  compensation: {name: "Expenses:Employee-Benefits:AI", title: Employee benefits (personal use)}
  employees: {name: "Assets:Due-From-Employees:AI", title: Due from and to employees (own money)}
  recharge: {name: "Income:Employees:AI-Recharge", title: Recharged to employees above cost}
  accrual: {name: "Expenses:Employee-Benefits:AI-Promised", title: "Promised AI credits, cost of the accrual"}
  accrued: {name: "Liabilities:Accrued:AI-Promised", title: Accrued for promised AI credits}

# Use by purpose (work, learning, personal, production, other) and by the class of what paid for it: provisioned_tool, benefit,
# hybrid, own_money, pool, by_hand, overage. The first line that fits decides; the last one has to fit everything.
postings:
  - {purpose: "*", class: own_money, account: employees}
  - {purpose: personal, class: "*", account: compensation}
  - {purpose: "*", class: "*", account: expense}

# What a provider is paid from: credits that were bought beforehand, or a bill that comes.
providers: {"*": payable}

# Accounts that are kept apart by cost centre; a team without one is its own.
by_cost_centre: [expense, compensation]
cost_centres: {}

# Promises that nobody used: none, accumulating (rolled over or without an end), or plans by name; and how much will be used.
accrual: {plans: none, use: 100%}

# - {day: 2026-11-03, provider: anthropic, amount: "$300,000", from: cash}
purchases: []
"""
"""The default, written out to start from."""


def read_chart(text: str) -> Chart:
    """A chart from its YAML. Raises InvalidInput with the path of the first wrong field."""
    if len(text.encode()) > MAX_CHART_BYTES:
        raise InvalidInput("chart", f"{len(text.encode())} bytes", f"at most {MAX_CHART_BYTES}")
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        place = getattr(error, "problem_mark", None)
        where = f"line {place.line + 1}" if place else "chart"
        raise InvalidInput(where, str(getattr(error, "problem", "") or error)[:MAX_TEXT_CHARS], "YAML") from None
    document = _fields(
        found,
        "chart",
        (
            "bursar",
            "currency",
            "accounts",
            "postings",
            "providers",
            "by_cost_centre",
            "cost_centres",
            "accrual",
            "purchases",
        ),
    )
    if document.get("bursar") != FORMAT:
        raise InvalidInput("bursar", _said(document.get("bursar")), FORMAT)
    currency = document.get("currency", "USD")
    # Bursar keeps list value and cost in dollars; another currency needs a rate, which is the general ledger's to know.
    if currency != "USD":
        raise InvalidInput("currency", _said(currency), "USD, in which costs are kept")
    accounts = {**_ACCOUNTS, **_accounts(document.get("accounts", {}))}
    known = tuple(accounts)
    return Chart(
        currency,
        accounts,
        _postings(document["postings"], known) if "postings" in document else _POSTINGS,
        _providers(document.get("providers", {ANY: "payable"}), known),
        tuple(_one_of(one, f"by_cost_centre[{n}]", known) for n, one in _listed(document.get("by_cost_centre", ["expense", "compensation"]), "by_cost_centre", len(known))),
        _cost_centres(document.get("cost_centres", {})),
        _accrual(document.get("accrual", {})),
        _purchases(document.get("purchases", []), known, currency),
    )  # fmt: skip


def _accounts(value: Any) -> dict[str, Account]:
    found = {}
    for role, one in _mapping(value, "accounts", MAX_MAPPINGS).items():
        at = f"accounts.{role}"
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", role):
            raise InvalidInput(at, _said(role), "a name in small letters")
        fields = _fields({"name": one} if isinstance(one, str) else one, at, ("name", "title", "code"))
        name = _text(fields.get("name", ""), f"{at}.name")
        if not _NAME.fullmatch(name):
            raise InvalidInput(f"{at}.name", _said(name), "such as Expenses:AI-Compute, as beancount writes accounts")
        title = _text(fields.get("title", name.rpartition(":")[2]), f"{at}.title")
        found[role] = Account(name, title, _text(fields.get("code", ""), f"{at}.code"))
    return found


def _postings(value: Any, known: tuple[str, ...]) -> tuple[Mapping, ...]:
    found = []
    for number, one in _listed(value, "postings", MAX_MAPPINGS):
        at = f"postings[{number}]"
        fields = _fields(one, at, ("purpose", "class", "account"))
        purpose = _one_of(fields.get("purpose", ANY), f"{at}.purpose", (ANY, *PURPOSES))
        plan_class = _one_of(fields.get("class", ANY), f"{at}.class", (ANY, *CLASSES))
        found.append(Mapping(purpose, plan_class, _one_of(fields.get("account"), f"{at}.account", known)))
    if not found or (found[-1].purpose, found[-1].plan_class) != (ANY, ANY):
        raise InvalidInput(
            "postings", "no last line for everything", '{purpose: "*", class: "*", account: ...} at the end'
        )
    return tuple(found)


def _providers(value: Any, known: tuple[str, ...]) -> dict[str, str]:
    found = _mapping(value, "providers", MAX_MAPPINGS)
    return {name: _one_of(role, f"providers.{name}", known) for name, role in found.items()}


def _cost_centres(value: Any) -> dict[str, str]:
    found = _mapping(value, "cost_centres", MAX_COST_CENTRES)
    return {team: _text(one, f"cost_centres.{team}") for team, one in found.items()}


def _accrual(value: Any) -> Accrual:
    fields = _fields(value, "accrual", ("plans", "use"))
    plans = fields.get("plans", "none")
    if isinstance(plans, list):
        plans = tuple(_text(one, f"accrual.plans[{n}]") for n, one in _listed(plans, "accrual.plans", MAX_MAPPINGS))
    elif plans not in ("none", "accumulating"):
        raise InvalidInput("accrual.plans", _said(plans), "none, accumulating, or a list of plans")
    return Accrual(plans, _share(fields.get("use", "100%"), "accrual.use"))


def _share(value: Any, field: str) -> Fraction:
    found = _SHARE.fullmatch(value) if isinstance(value, str) else None
    share = Fraction(f"{found[1]}.{found[2] or 0}") / 100 if found else Fraction(-1)
    if not 0 <= share <= 1:
        raise InvalidInput(field, _said(value), "a share such as 60%")
    return share


def _purchases(value: Any, known: tuple[str, ...], currency: str) -> tuple[Purchase, ...]:
    found = []
    for number, one in _listed(value, "purchases", MAX_PURCHASES):
        at = f"purchases[{number}]"
        fields = _fields(one, at, ("day", "provider", "amount", "from", "note"))
        day = fields.get("day")
        if not isinstance(day, date) or isinstance(day, datetime):
            raise InvalidInput(f"{at}.day", _said(day), "a day such as 2026-11-03")
        amount = parse_amount(_text(fields.get("amount", ""), f"{at}.amount"), field=f"{at}.amount")
        if amount.unit.code != currency or amount.nanos <= 0:
            raise InvalidInput(f"{at}.amount", _said(fields["amount"]), f"more than nothing in {currency}")
        provider = _text(fields.get("provider", ""), f"{at}.provider")
        if not provider:
            raise InvalidInput(f"{at}.provider", "nothing", "the provider whose credits were bought")
        paid_from = _one_of(fields.get("from", "cash"), f"{at}.from", known)
        found.append(Purchase(day, provider, amount.nanos, paid_from, _text(fields.get("note", ""), f"{at}.note")))
    return tuple(sorted(found, key=lambda each: (each.day, each.provider, each.nanos)))


def _fields(value: Any, field: str, allowed: tuple[str, ...]) -> dict[str, Any]:
    found = _mapping(value, field, len(allowed) + 10)
    for name in found:
        if name not in allowed:
            raise InvalidInput(
                f"{field}.{name}"[:MAX_TEXT_CHARS], "a field that is not known", f"one of {', '.join(allowed)}"
            )
    return found


def _mapping(value: Any, field: str, most: int) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise InvalidInput(field, type(value).__name__, "fields with names")
    if len(value) > most:
        raise InvalidInput(field, f"{len(value)} fields", f"at most {most}")
    return value


def _listed(value: Any, field: str, most: int) -> list[tuple[int, Any]]:
    if not isinstance(value, list):
        raise InvalidInput(field, type(value).__name__, "a list")
    if len(value) > most:
        raise InvalidInput(field, f"{len(value)}", f"at most {most}")
    return list(enumerate(value))


def _one_of(value: Any, field: str, allowed: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise InvalidInput(field, _said(value), f"one of {', '.join(allowed)}")
    return value


def _text(value: Any, field: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InvalidInput(field, type(value).__name__, "a text")
    text = str(value)
    if len(text) > MAX_TEXT_CHARS or not text.isprintable():
        raise InvalidInput(field, f"{len(text)} characters", f"printable text of at most {MAX_TEXT_CHARS}")
    return text


def _said(value: Any) -> str:
    return "nothing" if value is None else repr(value)[:80]
