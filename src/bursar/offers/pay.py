"""Pay with and without its tokens, and what a raise does over the years that tokens do not.

A raise is paid again every year, grows with the next raises, is matched and saved, and is what the next employer starts
from. Tokens are used up, and nobody else's offer begins with them.
"""

from __future__ import annotations

from dataclasses import dataclass

from bursar.offers.terms import Pay, Person

YEARS_OF_SIGNING = 4
"""Over which a signing bonus is spread in a yearly total, as compensation sites do; the first year has all of it."""
CLOSE_TO_PAY, PAST_PAY = 0.8, 1.0
"""Of compute beside salary: `approaching` and `exceeds`."""


@dataclass(frozen=True, slots=True)
class Headline:
    """An offer in one line, by year; cash first."""

    cash: float
    """Salary and bonus: what pays a mortgage."""
    equity: float
    signing: float
    """Spread over four years."""
    tokens: float
    """At face."""
    worth: float
    """The tokens' cash equivalent."""

    @property
    def paid(self) -> float:
        """Cash and equity: the total without tokens."""
        return self.cash + self.equity + self.signing

    @property
    def total(self) -> float:
        return self.paid + self.tokens

    @property
    def cash_like(self) -> float:
        """The total with tokens at what they are worth."""
        return self.paid + self.worth

    @property
    def share(self) -> float:
        """Of the headline that is compute, at face."""
        return self.tokens / self.total if self.total else 0.0

    @property
    def one_in(self) -> float:
        """One dollar in so many is compute; 0 without any."""
        return self.total / self.tokens if self.tokens else 0.0

    @property
    def uplift(self) -> float:
        """By how much tokens at face lift the total."""
        return self.tokens / self.paid if self.paid else 0.0

    @property
    def inflation(self) -> float:
        """(8) How much larger the headline is than what it is worth, as a share of cash and equity."""
        return (self.tokens - self.worth) / self.paid if self.paid else 0.0

    @property
    def rate(self) -> float:
        """(8) What a dollar of tokens is worth in dollars of pay."""
        return self.worth / self.tokens if self.tokens else 0.0


def headline(pay: Pay, tokens: float, worth: float) -> Headline:
    """`tokens` at face and `worth` in cash, both by year."""
    return Headline(pay.cash, pay.equity, pay.signing / YEARS_OF_SIGNING, tokens, worth)


def against_salary(compute: float, salary: float) -> str:
    """What spending on compute beside a salary is called: `ok`, `approaching`, `exceeds`; both by year."""
    ratio = compute / salary if salary else 0.0
    return "exceeds" if ratio >= PAST_PAY else "approaching" if ratio >= CLOSE_TO_PAY else "ok"


@dataclass(frozen=True, slots=True)
class Year:
    """Where a raise and the tokens stand after some years."""

    year: int
    salary: float
    """The raise as it is by then, before tax: what the next employer starts from."""
    saved: float
    """All of it after tax, saved and grown."""
    matched: float
    """What the employer added to a retirement account, grown."""
    tokens: float
    """The tokens' worth after tax, added up: nothing of it grows."""

    @property
    def gap(self) -> float:
        return self.saved + self.matched - self.tokens


def years(raise_: float, tokens: float, person: Person, count: int) -> list[Year]:
    """A raise of `raise_` a year before tax beside tokens worth `tokens` a year before tax.

    The raise is paid at the end of each year, grows by `raises` in each, and is saved at `returns`.
    """
    found, salary, saved, matched, used = [], raise_, 0.0, 0.0, 0.0
    for number in range(1, count + 1):
        saved = saved * (1 + person.returns) + salary * (1 - person.tax)
        matched = matched * (1 + person.returns) + salary * person.match
        used += tokens * (1 - person.tax)
        salary *= 1 + person.raises
        found.append(Year(number, salary, saved, matched, used))
    return found


def pay_cut(before: Pay, after: Pay, before_tokens: float, after_tokens: float) -> bool:
    """Does an offer look better only because of its tokens: more in the headline, less in cash and equity?"""
    first = headline(before, before_tokens, 0.0)
    then = headline(after, after_tokens, 0.0)
    return then.total >= first.total and then.paid < first.paid
