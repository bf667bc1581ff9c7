"""The report: one HTML file that one would show a friend or a recruiter. Offline, printable, dark and light, no script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files

from bursar.charts import Chart, figure, stylesheet, table
from bursar.offers import benchmarks, figures, telling
from bursar.offers.asking import Question
from bursar.offers.evaluation import HORIZONS, Compared, Evaluation
from bursar.offers.laptop import LaptopTest
from bursar.offers.telling import percent, said

Rows = Sequence[Sequence[str]]


def html(found: Compared) -> str:
    """The report of one offer or several."""
    ones = found.evaluations
    title = ones[0].offer.title if len(ones) == 1 else " or ".join(one.offer.title for one in ones)
    body = "".join(_single(ones[0])) if len(ones) == 1 else "".join(_several(found))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}: what the tokens are worth</title>\n<style>\n{stylesheet()}\n{_css()}</style>\n</head>\n<body>\n"
        f"{body}<footer>{_footer(ones)}</footer>\n</body>\n</html>\n"
    )


def _css() -> str:
    return files("bursar.offers").joinpath("report.css").read_text(encoding="utf-8")


def _single(one: Evaluation) -> Iterator[str]:
    yield (
        f'<header><p class="eyebrow">What the tokens are worth</p><h1>{escape(one.offer.title)}</h1>'
        f'<p class="lead">{escape(telling.worth_sentence(one))}</p>{_cards(one)}</header>\n<main>\n'
    )
    yield from _sections(one, "")
    yield "</main>\n"


def _several(found: Compared) -> Iterator[str]:
    ones = found.evaluations
    best, loudest = ones[found.by_worth[0]], ones[found.by_headline[0]]
    lead = f"{best.offer.title} is worth most to you: {_money(best, best.headline.cash_like)} a year with its tokens at what they are worth."
    if best is not loudest:
        lead += f" {loudest.offer.title} has the larger headline, {_money(loudest, loudest.headline.total)}."
    links = "".join(
        f'<li><a href="#offer-{number}">{escape(one.offer.title)}</a></li>' for number, one in enumerate(ones)
    )
    yield (
        '<header><p class="eyebrow">Offers side by side</p>'
        f'<h1>{escape(" or ".join(one.offer.title for one in ones))}</h1><p class="lead">{escape(lead)}</p>'
        f'<nav aria-label="Offers"><ul>{links}</ul></nav></header>\n<main>\n'
    )
    yield _part("Side by side", _beside(found), "long")
    for number, one in enumerate(ones):
        yield (
            f'<article id="offer-{number}" aria-labelledby="title-{number}"><h1 id="title-{number}">{escape(one.offer.title)}</h1>'
            f'<p class="lead">{escape(telling.worth_sentence(one))}</p>{_cards(one)}\n'
        )
        yield from _sections(one, f"-{number}")
        yield "</article>\n"
    yield "</main>\n"


def _sections(one: Evaluation, key: str) -> Iterator[str]:
    yield _part("What it is worth", _worth(one, key))
    yield _part("When it runs out", _running_out(one, key))
    for number, test in enumerate(one.laptop):
        yield _part(
            "Perk or tool?" if len(one.laptop) == 1 else f"Perk or tool: {test.line}", _laptop(test, f"{key}-{number}")
        )
    yield _part("Ask before you sign", _questions(one), "long")
    if one.placed is not None:
        yield _part("Among reported allowances", _standing(one))
    yield _part("If prices move", _prices(one, key))
    yield _part("What it depends on", _chart(figures.tornado(one, key), caption=False))
    yield _part("Over the years", _years(one, key))
    yield _part("What the offer says, and what it does not", _facts(one), "long")
    yield _part("Beside cash and equity", _attributes(one))
    yield _part("What was assumed", _assumed(one), "long")


def _cards(one: Evaluation) -> str:
    found, currency = one.headline, one.offer.currency
    low, high = (said(value / one.outcome.years, currency) for value in (one.outcome.cash.p10, one.outcome.cash.p90))
    cards = [
        (
            "main",
            "The tokens, worth to you a year",
            said(one.outcome.a_year, currency),
            f"{low} to {high} in eight worlds of ten; face {said(one.face, currency)}",
        )
    ]
    if one.offer.pay.salary is not None:
        cards += [
            (
                "",
                "Spendable cash a year",
                said(found.cash, currency),
                f"salary and bonus; equity {said(found.equity, currency)} beside it",
            ),
            (
                "",
                "Total, tokens at their worth",
                said(found.cash_like, currency),
                f"the headline says {said(found.total, currency)}",
            ),
        ]
    else:
        cards.append(("", "A raise worth the same", said(one.outcome.raise_, currency), "a year, before tax"))
    return (
        '<div class="cards">'
        + "".join(
            f'<dl class="card {kind}"><dt>{escape(name)}</dt><dd class="figure">{escape(value)}</dd><dd class="quiet small">{escape(note)}</dd></dl>'
            for kind, name, value, note in cards
        )
        + "</div>"
    )


def _worth(one: Evaluation, key: str) -> str:
    values = telling.four_values(one)
    four = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{value:.2f}</dd></div>"
        for name, value in (
            ("Face: what the offer says", values.face),
            ("List: used, at fair market value", values.used),
            ("Cost: what the employer pays", values.cost),
            ("Worth: to you, as pay", values.worth),
        )
    )
    parts = [
        _chart(figures.waterfall(one, key), caption=False),
        f'<dl class="four">{four}</dl><p class="quiet small">The four values of a dollar of face; they are never mixed.</p>',
        f"<p>{escape(telling.raise_sentence(one))}</p>",
    ]
    if one.offer.pay.salary is not None:
        parts.append(f"<p>{escape(telling.share_sentence(one))}</p>")
        parts.append(_chart(figures.package([one], key)))
    if one.tightly_metered:
        parts.append('<p class="warn">Tightly metered: as it stands, this package costs you money.</p>')
    return "".join(parts)


def _running_out(one: Evaluation, key: str) -> str:
    sentences = (*telling.run_out_sentences(one), telling.shortfall_sentence(one), telling.lasts_sentence(one))
    chart = figures.fan(one, key)
    drawn = "" if chart is None else _chart(chart, caption=False)
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences) + drawn


def _laptop(test: LaptopTest, key: str) -> str:
    rows = [
        [
            term.title,
            f"{term.points:+.0f}" if term.most < 0 else f"{term.points:.0f} of {term.most:.0f}",
            _evidence(term.evidence, said_=term.said),
        ]
        for term in test.terms
    ]
    return _chart(figures.gauge(test, key), caption=False, with_table=False) + (
        f"<p>{escape(test.words)}</p>"
        + _table(
            "Each term, weighed towards operating cost", ["term", "points", "what shows it"], rows, raw=(2,), sums=(1,)
        )
    )


def _evidence(text: str, *, said_: bool) -> str:
    return escape(text) if said_ else f'<span class="missing">{escape(text)}</span>'


def _questions(one: Evaluation) -> str:
    if not one.asked.questions:
        return "<p>The offer answers everything.</p>"
    money = one.offer.currency
    head = (
        f"<p>{len(one.asked.questions)} terms are open. Until they are answered count on {said(one.outcome.a_year, money)} a year; the answers "
        f"move it between {said(one.asked.low, money)} and {said(one.asked.high, money)}.</p>"
    )
    return head + f'<ol class="questions">{"".join(_question(one, question) for question in one.asked.questions)}</ol>'


def _question(one: Evaluation, question: Question) -> str:
    money = one.offer.currency
    line = f" ({question.line})" if len(one.offer.lines) > 1 else ""
    swing = f'<span class="swing">{said(question.swing, money)} apart</span>' if question.swing >= 1 else ""
    rows = "".join(
        f'<tr><th scope="row">{escape(answer.answer)}</th><td class="sum">{said(answer.worth, money)}</td></tr>'
        for answer in question.answers
    )
    moves = question.swing >= 1
    answers = f'<table class="answers"><tbody>{rows}</tbody></table>' if moves else ""
    if rows and not moves:
        answers = '<p class="quiet small">At your use the answers make no difference.</p>'
    points = (
        f'<p class="quiet small">The answer moves the laptop test by {question.points:.0f} points.</p>'
        if not rows and question.points
        else ""
    )
    return (
        f"<li>{swing}<h3>{escape(question.question + line)}</h3><p>{escape(question.why)}</p>"
        f'<p class="quiet small">Presumed: {escape(question.presumed)}.</p>{answers}{points}</li>'
    )


def _prices(one: Evaluation, key: str) -> str:
    in_units = any(line.plan is not None and line.unit_price != 1.0 for line in one.offer.lines)
    rows = [
        [
            scenario.price.name,
            *(f"{value:.2f}" for value in (scenario.worth_of_units if in_units else scenario.buys)),
            percent(scenario.run_out),
            scenario.price.source,
        ]
        for scenario in one.scenarios
    ]
    what = "a dollar's worth of promised tokens is worth" if in_units else "a promised dollar buys, at today's prices"
    columns = ["prices", *(f"in {month} months" for month in HORIZONS), "runs out", "from"]
    drift = (
        "A promise in tokens loses value as prices fall."
        if in_units
        else "A promise in money buys more as prices fall, and less as work moves to dearer models: with 30 % of it on a model five "
        "times as dear, $10,000 buy what $4,545 bought before."
    )
    return (
        _chart(figures.scenarios(one, key), caption=False)
        + f"<p>{escape(drift)}</p>"
        + _table(f"What {what}", columns, rows, sums=(1, 2, 3, 4), stack=True)
    )


def _standing(one: Evaluation) -> str:
    found = one.placed
    assert found is not None
    near = [row for row in (found.below, *found.around, found.above) if row is not None]
    rows = [
        [
            row.what,
            f"{row.amount:,g}{'' if row.to is None else f' to {row.to:,g}'} {row.unit}",
            f"{row.source}, {row.date}",
            row.confidence,
        ]
        for row in near
    ]
    looked_up = benchmarks.table().looked_up
    old = " It is more than a year old." if benchmarks.stale(one.offer.first) else ""
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in telling.standing_sentences(one)) + (
        _table("What was reported around it", ["reported", "figure", "source", "confidence"], rows, stack=True)
        + f'<p class="quiet small">Looked up on {looked_up}.{old}</p>'
    )


def _years(one: Evaluation, key: str) -> str:
    last, same = one.face_years[-1], one.raise_years[-1]
    money = one.offer.currency
    sentence = (
        f"If {said(one.face, money)} were salary, after {last.year} years {said(last.saved + last.matched, money)} would be saved after "
        f"tax, and the next negotiation would start {said(last.salary, money)} higher. The tokens come to {said(same.tokens, money)}, and "
        "no other employer starts from them."
    )
    rows = [
        [
            f"after {leaving.month} months" if number else f"in the first {leaving.month} months",
            said(leaving.unspent, money),
            said(leaving.unvested, money),
            percent(leaving.chance),
        ]
        for number, leaving in enumerate(one.leaving)
    ]
    return f"<p>{escape(sentence)}</p>{_chart(figures.years(one, key), caption=False)}<h3>If you leave</h3>" + _table(
        "What stays behind, on average", ["when", "unspent", "not vested", "chance"], rows, sums=(1, 2, 3)
    )


def _facts(one: Evaluation) -> str:
    parts = []
    for facts in one.facts:
        name = "" if len(one.facts) == 1 else f"<h3>{escape(facts.line)}</h3>"
        rows = [[answer.question, _evidence(answer.answer, said_=answer.given)] for answer in facts.answers]
        missing = (
            "Everything is said."
            if not facts.missing
            else f"{facts.missing} of {len(facts.answers)} answers are missing."
        )
        parts.append(
            f"{name}<p>{missing}</p>" + _table("The twelve answers", ["question", "answer"], rows, raw=(1,), stack=True)
        )
    return (
        "".join(parts)
        or "<p>There is no limit, so there is little to ask: who may end it, and what it may be used for.</p>"
    )


def _attributes(one: Evaluation) -> str:
    parts = []
    for line in one.offer.lines:
        name = "" if len(one.offer.lines) == 1 else f"<h3>{escape(line.name)}</h3>"
        rows = [[a.question, a.cash, a.equity, a.tokens] for a in telling.attributes(line)]
        parts.append(name + _table("From the terms", ["", "cash", "equity", "these tokens"], rows, stack=True))
    off = telling.trade_offs(one)
    listed = (
        f'<h3>What you give up</h3><ul class="plain">{"".join(f"<li>{escape(sentence)}</li>" for sentence in off)}</ul>'
        if off
        else ""
    )
    return "".join(parts) + listed


def _assumed(one: Evaluation) -> str:
    person, money = one.person, one.offer.currency
    rows = [
        [
            "use in a month, at list price",
            f"median {said(person.usage.median, money)}, sigma {person.usage.sigma:g} between people",
            person.usage.source,
        ],
        ["from month to month", f"sigma {person.month_sigma:g} around a mean of one", "judgement"],
        [
            "growth of use",
            f"{person.growth:g} times a year for {person.growth_years:g} years, sigma {person.growth_sigma:g}",
            "judgement; Jellyfish: 18.6 times in nine months",
        ],
        [
            "price of the same work",
            f"{person.price.per_year:g} times a year, sigma {person.price.sigma:g}",
            person.price.source,
        ],
        ["personal share of the use", percent(person.personal_share), "given or judgement"],
        [
            "own spending without the offer",
            f"{said(person.own_spend / 12, money)} a month",
            "given or judgement: two plans of $100",
        ],
        ["elasticity beyond that", f"{person.elasticity:g}", "judgement"],
        ["work that you would pay for", percent(person.additionality), "none: work is the employer's"],
        ["marginal tax", percent(person.tax), "given or judgement"],
        ["discount, by year", percent(person.discount), "judgement"],
        ["chance of leaving, by year", percent(person.leaving), "judgement"],
        ["risk aversion, wealth", f"{person.aversion:g}, {said(person.wealth, money)}", "judgement"],
    ]
    for line in one.offer.lines:
        rows.append(
            [
                f"{line.name}: taken away, by year",
                f"{line.revocation:g}",
                "by agreement only: 0; after notice or not said: 0.1; at any time: 0.5",
            ]
        )
        rows.append([f"{line.name}: the employer pays", f"{percent(1 - line.discount)} of list price", "judgement"])
    return _table("Every figure can be replaced", ["what", "assumed", "from"], rows, stack=True) + (
        f'<p class="quiet small">{one.outcome.paths:,} worlds, seed {one.setup.seed}; the mean is known to '
        f"{said(one.outcome.cash.error / one.outcome.years, money)}.</p>"
    )


def _beside(found: Compared) -> str:
    ones = found.evaluations
    columns = ["a year", *(one.offer.title for one in ones)]
    rows = [
        ["Spendable cash", *(_money(one, one.headline.cash) for one in ones)],
        ["Equity", *(_money(one, one.headline.equity) for one in ones)],
        ["Signing bonus, over four years", *(_money(one, one.headline.signing) for one in ones)],
        ["Tokens at face", *(_money(one, one.headline.tokens) for one in ones)],
        ["Tokens, worth to you", *(_money(one, one.headline.worth) for one in ones)],
        ["Headline", *(_money(one, one.headline.total) for one in ones)],
        ["Total, tokens at their worth", *(_money(one, one.headline.cash_like) for one in ones)],
        ["Compute's share of the headline", *(percent(one.headline.share, 1) for one in ones)],
        ["Laptop test (100: operating cost)", *(", ".join(f"{test.score:.0f}" for test in one.laptop) for one in ones)],
        ["Questions open", *(str(len(one.asked.questions)) for one in ones)],
        ["Without a limit it would be worth", *(_money(one, one.unlimited) for one in ones)],
    ]
    sentences = [*telling.cuts(found), *(f"{flip}." for flip in found.flips)]
    warned = "".join(f'<p class="warn">{escape(sentence)}</p>' for sentence in sentences)
    steady = "" if found.flips else '<p class="quiet">No single assumption changes which is worth most.</p>'
    sums = tuple(range(1, len(ones) + 1))
    return _chart(figures.package(ones)) + _table("Cash first", columns, rows, sums=sums, strong=(6,)) + warned + steady


def _part(title: str, body: str, kind: str = "") -> str:
    return f'<section class="part {kind}"><h2>{escape(title)}</h2>{body}</section>\n'


def _chart(chart: Chart, *, caption: bool = True, with_table: bool = True) -> str:
    data = f"<details><summary>The figures</summary>{table(chart)}</details>" if with_table else ""
    return figure(chart, caption=caption) + data


def _table(
    caption: str,
    columns: Sequence[str],
    rows: Rows,
    *,
    raw: Sequence[int] = (),
    sums: Sequence[int] = (),
    strong: Sequence[int] = (),
    stack: bool = False,
) -> str:
    """A table whose first column names the row; `raw` columns are HTML already, `sums` are aligned right."""

    def kind(column: int) -> str:
        return ' class="sum"' if column in sums else ""

    head = "".join(f'<th scope="col"{kind(place)}>{escape(name)}</th>' for place, name in enumerate(columns))
    body = []
    for number, row in enumerate(rows):
        cells = "".join(
            f'<td{kind(place)} data-of="{escape(columns[place])}">{value if place in raw else escape(value)}</td>'
            for place, value in enumerate(row[1:], start=1)
        )
        body.append(
            f'<tr{" class=" + chr(34) + "strong" + chr(34) if number in strong else ""}><th scope="row">{escape(row[0])}</th>{cells}</tr>'
        )
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(caption)}"><table class="plain{" stack" if stack else ""}">'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _money(one: Evaluation, amount: float) -> str:
    return said(amount, one.offer.currency)


def _footer(ones: Sequence[Evaluation]) -> str:
    ids = "; ".join(f"{escape(one.offer.name)} {one.id[:16]}" for one in ones)
    return f'<p>{escape(telling.DISCLAIMER)}</p><p class="id">Answer {ids}. The same offer, assumptions and seed give the same answer.</p>'
