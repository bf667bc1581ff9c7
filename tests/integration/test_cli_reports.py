"""`bursar report ...`: each with its table and plot, the exact figures with --json, and the past with --at."""

from __future__ import annotations

from tests.support.terminal import Terminal

NANO = 10**9


def test_exposure_goes_from_the_whole_down_to_the_entries_and_agrees_with_the_short_command(terminal: Terminal) -> None:
    given = terminal.json("grant", "give", "ada", "$500", "--label", "stipend")
    terminal.json("grant", "give", "ada", "40 GPU-h")
    found = terminal.json("report", "exposure")
    short = terminal.json("exposure")
    assert (found["released_nanos"], found["open_nanos"]) == (500 * NANO, 500 * NANO)
    assert (found["released_nanos"], found["spent_nanos"]) == (short["promised_nanos"], short["spent_nanos"])
    (plan,) = found["items"]
    lots = terminal.json("report", "exposure", "--by", "plan", "--of", plan["key"])["items"]
    assert [(one["person"], one["lot"]) for one in lots] == [("ada", given["lot"])]
    (entry,) = terminal.json("report", "exposure", "--lot", given["lot"])["items"]
    assert (entry["kind"], entry["to"], entry["amount_nanos"]) == ("release", "available", 500 * NANO)
    assert terminal.json("report", "exposure", "--at", "2020-01-01")["items"] == []
    table = terminal.run("report", "exposure", "--by", "team")
    assert "$500.00" in table
    assert "█" in table
    assert "$500" in terminal.run("report", "exposure", "--by", "person", "--of", "ada")
    assert terminal.json("report", "exposure", "--unit", "gpu-h")["open_nanos"] == 40 * NANO
    assert "Nothing was used" in terminal.run("report", "exposure", "--by", "project")


def test_forecast_and_salary_ratio_and_prices_have_something_to_say_before_anything_was_used(
    terminal: Terminal,
) -> None:
    terminal.run("grant", "give", "ada", "$500", "--expires", "2099-12-31")
    one = terminal.json("report", "forecast", "ada", "--days", "14")
    assert (one["days"], one["people"][0]["left_nanos"], one["people"][0]["runs_out"]) == (14, 500 * NANO, 0)
    assert "today included" in terminal.run("report", "forecast")
    assert "ada" in terminal.run("report", "salary-ratio")
    assert terminal.json("report", "salary-ratio", "--by", "team")["items"][0]["status"] == "unknown"
    found = terminal.json("report", "prices", "--family", "claude", "--change", "-30%", "--amount", "$10,000")
    worth = {row["if"]: row for row in found["worth"]}
    assert worth["-67 % a year"]["dollars_buy_nanos"] // NANO == 17_407
    assert "What $10,000.00 promised now is worth in 6 months" in terminal.run("report", "prices")


WRONG = [
    (("exposure", "--by", "colour"), 2, "by: found 'colour', expected one of plan, tier, team, scope, person"),
    (("exposure", "--unit", "EUR"), 2, "unit: found 'EUR'"),
    (("exposure", "--at", "2099-01-01"), 2, "at: found an instant ahead"),
    (("exposure", "--of", "nowhere"), 3, "there is no plan 'nowhere'"),
    (("forecast", "--days", "500"), 2, "days: found 500, expected 1 to 400"),
    (("salary-ratio", "--by", "colour"), 2, "by: found 'colour'"),
    (("prices", "--family", "claude"), 2, "change: found nothing"),
    (("prices", "--months", "0"), 2, "months: found 0"),
]


def test_what_is_asked_wrongly_is_a_sentence(terminal: Terminal) -> None:
    for words, code, said in WRONG:
        assert said in terminal.run("report", *words, expect=code)
