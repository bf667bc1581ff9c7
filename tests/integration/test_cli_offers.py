"""`bursar offer`, as somebody uses it who has an offer in the inbox and no installation."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from tests.support.terminal import Terminal

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "offers"
OFFER = """bursar: offer/1
name: acme
title: Acme & <b>Sons</b>
pay: {salary: "$190,000", bonus: "$20,000", equity: {amount: "$400,000", over: 4 years}}
tokens: {amount: "$10,000", every: year}
me: {usage: $600}
"""


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    file = tmp_path / "acme.yaml"
    file.write_text(OFFER)
    return file


def test_a_page_says_what_it_is_worth_and_what_to_ask(terminal: Terminal, acme: Path) -> None:
    page = terminal.run("offer", "evaluate", str(acme))
    for words in (
        "Spendable cash",
        "$210,000",
        "One dollar in 32 of the headline is compute",
        "From face to what it is worth",
        "Cash equivalent",
        "runs out before a year ends",
        "Perk or tool",
        "Ask before you sign",
        "How is it taxed",
        "Among reported allowances",
        "no advice on tax",
    ):
        assert words in page, words


def test_the_same_seed_prints_the_same_document(terminal: Terminal, acme: Path) -> None:
    first = terminal.run("offer", "evaluate", str(acme), "--json", "--seed", "7")
    assert first == terminal.run("offer", "evaluate", str(acme), "--json", "--seed", "7")
    other = json.loads(terminal.run("offer", "evaluate", str(acme), "--json", "--seed", "8"))
    found = json.loads(first)
    assert found["worth"]["by_year"] != other["worth"]["by_year"]
    assert found["id"] != other["id"]
    assert found["pay"]["headline_total"] == 320_000


def test_questions_come_with_what_their_answers_are_worth(terminal: Terminal, acme: Path) -> None:
    found = terminal.json("offer", "questions", str(acme))["questions"]
    assert found[0]["term"] == "taxed"
    assert len(found) >= 10
    assert all(one["question"].endswith("?") and one["why"] for one in found)
    page = terminal.run("offer", "questions", str(acme))
    assert "the answers move it between" in " ".join(page.split())


def test_offers_stand_side_by_side_cash_first(terminal: Terminal) -> None:
    files = [str(one) for one in sorted(EXAMPLES.glob("0[78]-*.yaml"))]
    page = " ".join(terminal.run("offer", "compare", *files).split())
    assert page.index("Spendable cash") < page.index("Tokens at face") < page.index("Headline total")
    assert "a real pay cut" in page
    found = terminal.json("offer", "compare", *files)
    assert found["real_pay_cuts"] == [["unlimited-tools", "pay-cut-with-tokens"]]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    (folder / "acme.yaml").write_text(OFFER)
    done = subprocess.run(
        [sys.executable, "-m", "bursar.cli", "offer", "evaluate", "acme.yaml", "--html", "acme.html"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return (folder / "acme.html").read_text()


class TestTheReport:
    def test_nothing_is_fetched_and_nothing_runs(self, report: str) -> None:
        assert "<script" not in report
        assert not re.search(r"(?:src|href)=[\"'](?!#)", report)
        assert "@import" not in report
        assert "url(" not in report
        assert not re.search(r"\son[a-z]+=", report)
        assert "https://fonts" not in report

    def test_what_was_typed_is_text(self, report: str) -> None:
        assert "Acme &amp; &lt;b&gt;Sons&lt;/b&gt;" in report
        assert "<b>Sons" not in report

    def test_it_is_well_formed_with_unique_ids_and_a_table_behind_each_plot(self, report: str) -> None:
        body = report[report.index("<body>") : report.index("</html>")]
        tree = ElementTree.fromstring(body)
        ids = [one.get("id") for one in tree.iter() if one.get("id")]
        assert len(ids) == len(set(ids))
        plots = [one for one in tree.iter() if one.tag.endswith("svg")]
        assert len(plots) >= 6
        assert all(one.get("role") == "img" for one in plots)
        assert report.count("The figures</summary>") >= 5
        assert {one.tag for one in tree.iter()} >= {"main", "header", "footer", "h1", "h2"}

    def test_it_prints_and_knows_dark_and_phones(self, report: str) -> None:
        assert "@media print" in report
        assert "prefers-color-scheme: dark" in report
        assert 'name="viewport"' in report
        assert len(report) < 350_000

    def test_two_offers_are_one_report(self, terminal: Terminal, tmp_path: Path) -> None:
        files = [str(one) for one in sorted(EXAMPLES.glob("1[01]-*.yaml"))]
        out = tmp_path / "both.html"
        terminal.run("offer", "compare", *files, "--html", str(out))
        text = out.read_text()
        tree = ElementTree.fromstring(text[text.index("<body>") : text.index("</html>")])
        ids = [one.get("id") for one in tree.iter() if one.get("id")]
        assert len(ids) == len(set(ids))
        assert text.count("<article") == 2


class TestAskingForAnOffer:
    ANSWERS = (
        "Acme",
        "$190,000",
        "",
        "$100,000",
        "",
        "lots",  # is asked again
        "$500",
        "1",
        "open",
        "",
        "half",
        "3",
        "",
        "",
        "use",
        "$400",
        "",
        "",
        "",
    )

    def test_a_newcomer_gets_from_nothing_to_a_report(self, terminal: Terminal, tmp_path: Path) -> None:
        out = tmp_path / "acme.yaml"
        done = subprocess.run(
            [sys.executable, "-m", "bursar.cli", "offer", "new", "--out", str(out)],
            input="\n".join(self.ANSWERS) + "\n",
            env=terminal.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "expected" in done.stdout
        found = terminal.json("offer", "evaluate", str(out))
        assert found["title"] == "Acme"
        assert found["pay"]["tokens_at_face"] == 6_000
        assert found["lasts"]["usage_a_month"] == 400
        asked = {one["term"] for one in found["questions"]}
        assert asked.isdisjoint({"use", "every", "rollover", "taxed"})
        assert {"changes", "leaving"} <= asked

    def test_a_file_that_is_there_is_not_overwritten(self, terminal: Terminal, acme: Path) -> None:
        assert "--force" in terminal.run("offer", "new", "--out", str(acme), expect=2)
        assert acme.read_text() == OFFER

    def test_who_hangs_up_leaves_no_file(self, terminal: Terminal, tmp_path: Path) -> None:
        out = tmp_path / "never.yaml"
        done = subprocess.run(
            [sys.executable, "-m", "bursar.cli", "offer", "new", "--out", str(out)],
            input="Acme\n",
            env=terminal.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        assert not out.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("bursar: offer/1\nname: a\n", "at least one promise"),
        ("bursar: offer/1\nname: a\ntokens: {amount: -$5}\n", "tokens.amount"),
        ("bursar: offer/1\nname: a\ntokens: {amount: 5 EUR}\n", "EUR"),
        ("bursar: offer/1\nname: a\nhorizon: 41 years\ntokens: {amount: $5}\n", "40 years"),
        ("bursar: offer/1\nname: a\ntokens: {amount: $5, plan: p.yaml}\n", "p.yaml"),
        (": : :", "document"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_file_line_and_field(
    terminal: Terminal, tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(text)
    for command in ("evaluate", "questions"):
        done = subprocess.run(
            [sys.executable, "-m", "bursar.cli", "offer", command, str(file)],
            env=terminal.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode in (2, 3, 4), done.stdout + done.stderr
        assert words in done.stderr
        assert "Traceback" not in done.stderr


def test_one_offer_cannot_be_compared_and_nine_are_too_many(terminal: Terminal, acme: Path) -> None:
    assert "two or more" in terminal.run("offer", "compare", str(acme), expect=2)
    assert "at most 8" in terminal.run("offer", "evaluate", *[str(acme)] * 9, expect=2)
    assert "a name that no other offer has" in terminal.run("offer", "evaluate", str(acme), str(acme), expect=2)


def test_worlds_and_seeds_have_limits(terminal: Terminal, acme: Path) -> None:
    assert "1 to 1,000,000" in terminal.run("offer", "evaluate", str(acme), "--worlds", "0", expect=2)
    assert "seed" in terminal.run("offer", "evaluate", str(acme), "--seed", "-1", expect=2)


def test_the_schema_is_printed(terminal: Terminal) -> None:
    assert json.loads(terminal.run("offer", "schema"))["$id"] == "urn:bursar:offer:1"


def test_serve_shows_the_evaluator_to_whoever_comes_and_leaves_nothing_behind(
    terminal: Terminal, tmp_path: Path
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "bursar.cli", "offer", "serve", "--port", "0"],
        env={**terminal.environment, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        url = re.search(r"http://\S+/offer", line)
        assert url is not None, line
        with httpx.Client(verify=False) as stranger:
            assert "What is this token line worth to me" in stranger.get(url[0]).text
            assert stranger.get(url[0].replace("/offer", "/wallet")).status_code == 303
        assert [one.name[:14] for one in folder.iterdir()] == ["bursar-offers-"]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        process.stdout.close()
    assert list(folder.iterdir()) == []
