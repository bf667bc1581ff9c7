"""An offer in the terminal: one page with bars, a fan and the questions to ask."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from bursar.charts.terminal import printed
from bursar.cli.render import Column, console, show_table
from bursar.offers import figures, telling
from bursar.offers.evaluation import HORIZONS, Compared, Evaluation
from bursar.offers.laptop import LaptopTest
from bursar.offers.telling import percent, said

BAR = 30
FAN_COLUMNS, FAN_ROWS = 78, 9
MOST_QUESTIONS = 6
"""On the page of an offer; `bursar offer questions` shows all."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def show(one: Evaluation) -> None:
    """The page of one offer."""
    _title(one)
    _pay(one)
    _worth(one)
    _running_out(one)
    _standing(one)
    _prices(one)
    for test in one.laptop:
        _laptop(one, test)
    _questions(one, MOST_QUESTIONS)
    _over_the_years(one)
    if one.offer.note:
        console.print(f"Besides, and in no figure: {one.offer.note}", markup=False)
    console.print(
        f"{telling.DISCLAIMER} {one.outcome.paths:,} worlds, seed {one.setup.seed}, answer {one.id[:12]}.", style="dim"
    )


def show_questions(one: Evaluation) -> None:
    """Every question, with what each answer would be worth."""
    _title(one)
    if not one.asked.questions:
        console.print("The offer answers everything.")
        return
    currency = one.offer.currency
    console.print(
        f"Until they are answered, count on {said(one.outcome.a_year, currency)} a year; the answers move it between "
        f"{said(one.asked.low, currency)} and {said(one.asked.high, currency)}.\n"
    )
    for number, question in enumerate(one.asked.questions, start=1):
        line = f" ({question.line})" if len(one.offer.lines) > 1 else ""
        console.print(Text.assemble((f"{number:>2}. ", "dim"), (question.question + line, "bold")))
        console.print(f"    {question.why}")
        if question.answers:
            top = max(abs(one_.worth) for one_ in question.answers)
            grid = Table.grid(padding=(0, 2))
            grid.add_column(width=2)
            grid.add_column(min_width=38)
            grid.add_column(justify="right", min_width=9)
            grid.add_column()
            for answer in question.answers:
                grid.add_row("", answer.answer, said(answer.worth, currency), _bar(answer.worth, top))
            console.print(grid)
        elif question.points:
            console.print(f"    Moves the laptop test by {question.points:.0f} points, not the figure.", style="dim")
        else:
            console.print("    No figure can say what the answer is worth.", style="dim")
        console.print()


def show_comparison(found: Compared[Evaluation]) -> None:
    """Offers side by side, cash first."""
    ones = found.evaluations
    rows: list[tuple[str, list[str]]] = [
        ("Spendable cash", [_money(one, one.headline.cash) for one in ones]),
        ("Equity", [_money(one, one.headline.equity) for one in ones]),
        ("Signing bonus, over four years", [_money(one, one.headline.signing) for one in ones]),
        ("Tokens at face", [_money(one, one.headline.tokens) for one in ones]),
        ("Tokens, what they are worth to you", [_money(one, one.headline.worth) for one in ones]),
        ("  8 worlds of 10", [_range(one) for one in ones]),
        ("Headline total", [_money(one, one.headline.total) for one in ones]),
        ("Cash-like total", [_money(one, one.headline.cash_like) for one in ones]),
        ("Compute's share of the headline", [percent(one.headline.share, 1) for one in ones]),
        ("Runs out, of all periods", [_out(one) for one in ones]),
        ("Laptop test", [", ".join(f"{test.score:.0f}" for test in one.laptop) for one in ones]),
        ("Questions open", [str(len(one.asked.questions)) for one in ones]),
        ("Without a limit it would be worth", [_money(one, one.unlimited) for one in ones]),
    ]
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("a year", no_wrap=True)
    for one in ones:
        table.add_column(one.offer.title, justify="right", overflow="fold")
    for name, values in rows:
        table.add_row(name, *values, style="bold" if name in ("Headline total", "Cash-like total") else "")
    console.print(table)
    for label, order in (
        ("headline", found.by_headline),
        ("cash and equity", found.by_cash),
        ("worth", found.by_worth),
    ):
        console.print(f"By {label}: " + " > ".join(ones[row].offer.title for row in order))
    for sentence in telling.cuts(found):
        console.print(sentence, style="yellow")
    if found.flips:
        console.print("What would change the first place:")
        for flip in found.flips:
            console.print(f"  {flip}")
    else:
        console.print("No single assumption changes which is worth most.", style="dim")


def _title(one: Evaluation) -> None:
    console.print()
    console.print(one.offer.title, style="bold", markup=False)
    console.print(telling.worth_sentence(one), markup=False)
    console.print()


def _pay(one: Evaluation) -> None:
    found = one.headline
    if one.offer.pay.salary is None:
        return
    rows = [
        ("Spendable cash", found.cash),
        ("Equity", found.equity),
        ("Signing bonus", found.signing),
        ("Tokens at face", found.tokens),
    ]
    top = max(found.total, 1.0)
    grid = _grid()
    for name, amount in rows:
        if amount:
            grid.add_row(name, _money(one, amount), _bar(amount, top))
    grid.add_row(Text("Headline", "bold"), Text(_money(one, found.total), "bold"), telling.share_sentence(one))
    grid.add_row(
        Text("Cash-like total", "bold"),
        Text(_money(one, found.cash_like), "bold"),
        "with the tokens at what they are worth to you",
    )
    console.print(grid)
    console.print()


def _worth(one: Evaluation) -> None:
    _head("From face to what it is worth, a year")
    steps = telling.steps(one)
    top = max(1.0, *(abs(step.amount) for step in steps))
    grid = _grid()
    for step in steps:
        style = "bold" if step.total else ""
        grid.add_row(
            Text(step.label, style),
            Text(said(step.amount, one.offer.currency, sign=not step.total), style),
            _bar(step.amount, top),
        )
    console.print(grid)
    values = telling.four_values(one)
    console.print(
        f"Of a dollar of face: {values.used:.2f} is used at list price, it costs the employer {values.cost:.2f}, and it is "
        f"worth {values.worth:.2f} to you.",
        style="dim",
    )
    console.print(telling.raise_sentence(one), style="dim")
    console.print()


def _running_out(one: Evaluation) -> None:
    _head("When it runs out")
    for sentence in (*telling.run_out_sentences(one), telling.shortfall_sentence(one), telling.lasts_sentence(one)):
        console.print(sentence)
    fan = figures.fan(one)
    if fan is not None:
        for row in printed(fan, min(FAN_COLUMNS, console.width), FAN_ROWS).splitlines():
            console.print(row, style="dim", markup=False, soft_wrap=True)
    console.print()


def _standing(one: Evaluation) -> None:
    sentences = telling.standing_sentences(one)
    if sentences:
        _head("Among reported allowances")
        for sentence in sentences:
            console.print(sentence, markup=False)
        console.print()


def _prices(one: Evaluation) -> None:
    _head("If prices move")
    in_units = any(line.plan is not None and line.unit_price != 1.0 for line in one.offer.lines)
    heads = [f"{month} mo." for month in HORIZONS]
    what = "a dollar of the promise is worth" if in_units else "a dollar of the promise buys"
    console.print(f"Worth to you, a year; and after 6, 12 and 24 months what {what}.", style="dim")
    show_table(
        [
            Column("prices", kept=True),
            Column("a year", number=True),
            Column("worth", number=True),
            Column("runs out", number=True),
        ]
        + [Column(head, number=True, quiet=True) for head in heads],
        [
            [
                scenario.price.name,
                f"{scenario.price.per_year - 1:+.0%}",
                _money(one, scenario.worth),
                percent(scenario.run_out),
                *(f"{value:.2f}" for value in (scenario.worth_of_units if in_units else scenario.buys)),
            ]
            for scenario in one.scenarios
        ],
    )


def _laptop(one: Evaluation, test: LaptopTest) -> None:
    name = f": {test.line}" if len(one.laptop) > 1 else ""
    _head(f"Perk or tool{name}")
    place = round(test.score / 100 * (BAR - 1))
    gauge = Text("perk ", "dim")
    gauge.append("─" * place, "dim")
    gauge.append("●", "bold")
    gauge.append("─" * (BAR - 1 - place), "dim")
    gauge.append(f" operating cost   {test.score:.0f} of 100", "dim")
    console.print(gauge)
    console.print(test.words)
    for term in test.strongest:
        console.print(f"  {term.title}: {term.evidence}", style="dim", markup=False)
    console.print()


def _questions(one: Evaluation, most: int) -> None:
    if not one.asked.questions:
        return
    currency = one.offer.currency
    _head(f"Ask before you sign ({len(one.asked.questions)} open)")
    console.print(
        f"The answers move what it is worth between {said(one.asked.low, currency)} and {said(one.asked.high, currency)} a year.",
        style="dim",
    )
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", min_width=8)
    grid.add_column()
    for question in one.asked.questions[:most]:
        swing = f"±{said(question.swing / 2, currency)}" if question.swing >= 1 else ""
        grid.add_row(Text(swing, "bold"), question.question)
    console.print(grid)
    if len(one.asked.questions) > most:
        console.print(f"{len(one.asked.questions) - most} more: bursar offer questions", style="dim")
    console.print()


def _over_the_years(one: Evaluation) -> None:
    if not one.face_years or one.face == 0:
        return
    last, same = one.face_years[-1], one.raise_years[-1]
    _head("Over the years")
    console.print(
        f"If the {_money(one, one.face)} were salary, {last.year} years later you would have {_money(one, last.saved + last.matched)} "
        f"saved after tax and a salary {_money(one, last.salary)} higher to start the next negotiation from; the tokens come "
        f"to {_money(one, same.tokens)} and anchor nothing."
    )
    if one.leaving:
        first = one.leaving[0]
        console.print(
            f"Who leaves in the first {first.month} months leaves {_money(one, first.lost)} behind on average."
            if first.lost >= 1
            else "Leaving costs no tokens."
        )
    console.print()


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(min_width=24)
    grid.add_column(justify="right", min_width=10)
    grid.add_column()
    return grid


def _bar(amount: float, top: float) -> Text:
    share = min(1.0, abs(amount) / top) if top else 0.0
    full, rest = divmod(round(share * BAR * 8), 8)
    drawn = "█" * full + (_EIGHTHS[rest] if rest else "")
    return Text(drawn, "red" if amount < 0 else "green")


def _head(text: str) -> None:
    console.print(text, style="bold")


def _money(one: Evaluation, amount: float) -> str:
    return said(amount, one.offer.currency)


def _range(one: Evaluation) -> str:
    spread, years = one.outcome.cash, one.outcome.years
    return f"{_money(one, spread.p10 / years)} to {_money(one, spread.p90 / years)}"


def _out(one: Evaluation) -> str:
    found: Sequence[float] = [run_out.periods for run_out in one.outcome.run_outs]
    return percent(max(found)) if found else "never"
