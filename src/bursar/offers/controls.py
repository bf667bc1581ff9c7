"""An offer as a form: every control with its label, its answers, and which fields of the document it stands for.

Data only; `filling` goes from a form to a document and back. Choices are the interview's where it has them, so that both
ask alike. What is presumed while something is not known stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bursar.insight.simulation.usage import PERSONAS
from bursar.offers.interview import ASKS, Choice

Kind = Literal["choice", "money", "dollars", "share", "text"]
"""`money` is in the offer's currency, `dollars` always in USD."""


@dataclass(frozen=True, slots=True)
class Control:
    """One control of the form."""

    name: str
    label: str
    kind: Kind
    paths: tuple[str, ...]
    """Fields of the document that it stands for; those of a line begin with `tokens.`."""
    help: str = ""
    presumed: str = ""
    """What stands in while it is not known."""
    choices: tuple[Choice, ...] = ()
    stops: tuple[float, ...] = ()
    """Of its slider: sums, or hundredths of a share; none: there is no slider."""


@dataclass(frozen=True, slots=True)
class Section:
    """Controls under one heading; `folded` ones are closed until something in them is known."""

    name: str
    title: str
    controls: tuple[Control, ...]
    folded: bool = False


def _asked(term: str) -> tuple[Choice, ...]:
    """The interview's choices of the question that fills this term."""
    return next(one.choices for one in ASKS if any(f"tokens.{term}" in each.fields for each in one.choices))


def _of(name: str, *answers: tuple[str, str, object]) -> tuple[Choice, ...]:
    """Choices that fill one field each."""
    return tuple(Choice(word, says, {name: value}) for word, says, value in answers)


_MONEY_A_YEAR = (
    0,
    5e3,
    1e4,
    2e4,
    3e4,
    4e4,
    5e4,
    75e3,
    1e5,
    125e3,
    15e4,
    175e3,
    2e5,
    225e3,
    25e4,
    3e5,
    35e4,
    4e5,
    5e5,
    75e4,
    1e6,
)
_TOKENS = (50, 100, 200, 300, 500, 750, 1e3, 1500, 2e3, 3e3, 5e3, 7500, 1e4, 15e3, 2e4, 3e4, 5e4, 75e3, 1e5, 15e4, 25e4, 5e5)  # fmt: skip
_A_MONTH = (0, 20, 50, 100, 150, 200, 250, 300, 400, 500, 750, 1e3, 1500, 2e3, 3e3, 5e3, 7500, 1e4, 2e4)
_USED = _A_MONTH[1:]
_SHARES = tuple(range(0, 101, 5))
_TAXES = tuple(range(61))

SECTIONS: tuple[Section, ...] = (
    Section(
        "tokens",
        "What is promised",
        (
            Control(
                "amount",
                "Amount",
                "money",
                ("tokens.amount", "tokens.unlimited"),
                "$10,000, 100M tokens, 500 GPU-h, or unlimited",
                "no limit at all: the most that it could be worth",
                stops=_TOKENS,
            ),
            Control(
                "unit_price",
                "List price of a million tokens, or of a GPU hour",
                "money",
                ("tokens.unit_price",),
                "only where the amount is not in money",
            ),
            Control("every", "How often", "choice", ("tokens.every",), presumed="every year", choices=_asked("every")),
            Control(
                "use",
                "What you may use it for",
                "choice",
                ("tokens.use",),
                presumed="work and your own projects",
                choices=_asked("use"),
            ),
            Control(
                "vesting",
                "Does it vest?",
                "choice",
                ("tokens.vesting",),
                presumed="it does not",
                choices=_of(
                    "tokens.vesting",
                    ("no", "no", "none"),
                    ("four", "over four years, a year's cliff", {"over": "4 years", "cliff": "1 year"}),
                    ("two", "over two years, month by month", {"over": "2 years"}),
                ),
            ),
        ),
    ),
    Section(
        "me",
        "You",
        (
            Control(
                "usage",
                "Your use in a month, at list price",
                "dollars",
                ("me.usage",),
                f"$400, or {', '.join(PERSONAS)}",
                "moderate: half of all people use less than $279",
                stops=_USED,
            ),
            Control(
                "personal",
                "Of that, for yourself",
                "share",
                ("me.personal",),
                presumed="30%",
                stops=_SHARES,
            ),
            Control(
                "own_spend",
                "What you would spend on it yourself in a month",
                "dollars",
                ("me.own_spend_a_month",),
                "if there were no offer",
                "$200: two plans of $100",
                stops=_A_MONTH,
            ),
            Control("tax", "Your marginal tax rate", "share", ("me.tax",), presumed="35%", stops=_TAXES),
            Control(
                "growth",
                "Growth of your use in a year",
                "choice",
                ("me.growth",),
                presumed="three times as much",
                choices=_of(
                    "me.growth",
                    ("none", "none", "none"),
                    ("half", "half as much again", "1.5"),
                    ("three", "three times as much", "3"),
                    ("six", "six times as much", "6"),
                ),
            ),
            Control(
                "prices",
                "Price of the same work, in a year",
                "choice",
                ("me.prices",),
                presumed="half",
                choices=_of(
                    "me.prices",
                    ("flat", "as today", "flat"),
                    ("halving", "half", "halving"),
                    ("falling", "a third", "falling"),
                    ("collapsing", "a tenth", "collapsing"),
                    ("rising", "a fifth more", "rising"),
                ),
            ),
        ),
    ),
    Section(
        "rest",
        "What becomes of it",
        (
            Control(
                "expires",
                "When it expires",
                "choice",
                ("tokens.expires",),
                presumed="with its period",
                choices=_of(
                    "tokens.expires",
                    ("period", "with its period", "period"),
                    ("quarter", "90 days after it came", "90 days"),
                    ("year", "a year after it came", "1 year"),
                    ("never", "never, while you are there", "never"),
                ),
            ),
            Control(
                "rollover",
                "What rolls over",
                "choice",
                ("tokens.rollover",),
                presumed="nothing",
                choices=_of(
                    "tokens.rollover",
                    ("none", "nothing", "none"),
                    ("half", "half of it, for two periods", {"share": "50%", "periods": 2}),
                    ("all", "all of it", {"share": "100%", "periods": "unlimited"}),
                ),
            ),
            Control(
                "limit",
                "At the limit",
                "choice",
                ("tokens.limit", "tokens.approval.reason"),
                presumed="work stops until the next period",
                choices=(
                    Choice("stop", "work stops until the next period", {"tokens.limit": {"then": ["stop"]}}),
                    Choice(
                        "topped-up",
                        "more comes without a word",
                        {"tokens.approval.chance": "100%", "tokens.approval.reason": "none"},
                    ),
                    Choice("ask", "you ask, with a reason", {"tokens.approval.reason": "required"}),
                    Choice("ask-freely", "you ask, without one", {"tokens.approval.reason": "optional"}),
                ),
            ),
            Control(
                "approval",
                "How often more is granted",
                "share",
                ("tokens.approval.chance",),
                "of the times that you ask",
                "every second time",
                stops=_SHARES,
            ),
            Control(
                "own",
                "Work beyond it that you pay for",
                "share",
                ("tokens.own_money",),
                "of what nobody else covers",
                "none of it",
                stops=_SHARES,
            ),
            Control(
                "leaving",
                "When you leave",
                "choice",
                ("tokens.leaving",),
                presumed="it is gone",
                choices=_asked("leaving"),
            ),
        ),
        folded=True,
    ),
    Section(
        "terms",
        "Who may change it, and tax",
        (
            Control(
                "changes",
                "Who may change it",
                "choice",
                ("tokens.changes",),
                presumed="taken away in one year of ten",
                choices=_asked("changes"),
            ),
            Control(
                "taxed",
                "How it is taxed",
                "choice",
                ("tokens.taxed",),
                presumed="what you use for yourself",
                choices=_asked("taxed"),
            ),
            Control(
                "grossed_up",
                "Does the company pay that tax?",
                "choice",
                ("tokens.grossed_up",),
                presumed="no",
                choices=_of("tokens.grossed_up", ("yes", "yes", "yes"), ("no", "no", "no")),
            ),
        ),
        folded=True,
    ),
    Section(
        "tool",
        "Tool or perk?",
        (
            Control(
                "needed", "Can the job be done without it?", "choice", ("tokens.needed",), choices=_asked("needed")
            ),
            Control(
                "would_buy",
                "Would you have bought it yourself?",
                "choice",
                ("tokens.would_buy",),
                choices=_of("tokens.would_buy", ("yes", "yes", "yes"), ("no", "no", "no")),
            ),
            Control(
                "portable",
                "Which providers is it for?",
                "choice",
                ("tokens.portable", "tokens.fit"),
                presumed="a dollar of it does as much as any other",
                choices=(
                    Choice("any", "any, and it stays yours", {"tokens.portable": "yes"}),
                    Choice("several", "several of them", {"tokens.portable": "no"}),
                    Choice("one", "one platform only", {"tokens.portable": "no", "tokens.fit": "80%"}),
                ),
            ),
        ),
        folded=True,
    ),
    Section(
        "pay",
        "The pay beside it",
        (
            Control("title", "Name of the offer", "text", ("title",), "Acme, staff engineer"),
            Control("salary", "Salary a year", "money", ("pay.salary",), stops=_MONEY_A_YEAR),
            Control("bonus", "Bonus a year, at target", "money", ("pay.bonus",), stops=_MONEY_A_YEAR),
            Control("equity", "Equity a year, at today's value", "money", ("pay.equity",), stops=_MONEY_A_YEAR),
            Control("signing", "Signing bonus in cash, once", "money", ("pay.signing",), stops=_MONEY_A_YEAR),
            Control(
                "horizon",
                "Weighed over",
                "choice",
                ("horizon",),
                presumed="a year, or until it has vested",
                choices=_of(
                    "horizon",
                    ("one", "one year", "1 year"),
                    ("two", "two years", "2 years"),
                    ("four", "four years", "4 years"),
                ),
            ),
            Control("currency", "Currency", "text", ("currency",), "USD, EUR, GBP, ...", "USD"),
            Control(
                "rate",
                "What one US dollar is worth in it",
                "text",
                ("rates.USD",),
                "0.92; use and list prices are in dollars",
            ),
        ),
        folded=True,
    ),
    Section(
        "more",
        "More about you",
        (
            Control(
                "leaves", "Chance that you leave within a year", "share", ("me.leaving",), presumed="15%", stops=_SHARES
            ),
            Control(
                "additionality",
                "Work use that you would pay for yourself",
                "share",
                ("me.additionality",),
                "if nobody else did",
                "none of it: work is the employer's",
                stops=_SHARES,
            ),
            Control(
                "discount",
                "What money later is worth less, by year",
                "share",
                ("me.discount",),
                presumed="5%",
                stops=tuple(range(31)),
            ),
            Control(
                "elasticity",
                "How much more is worth to you",
                "choice",
                ("me.elasticity",),
                "beyond what you would buy yourself",
                "a little less with each dollar",
                choices=_of(
                    "me.elasticity",
                    ("little", "soon nothing", "0.5"),
                    ("some", "a little less with each dollar", "1"),
                    ("much", "nearly as much", "2"),
                ),
            ),
            Control(
                "wealth",
                "What you own",
                "money",
                ("me.wealth",),
                "for how much a risk counts",
                "$200,000",
                stops=_MONEY_A_YEAR[1:],
            ),
        ),
        folded=True,
    ),
)

CONTROLS: dict[str, Control] = {one.name: one for section in SECTIONS for one in section.controls}
"""By name."""
