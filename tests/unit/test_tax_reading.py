"""Rules are files: one more is one more country, and a wrong one is refused by file, rule and field."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bursar.errors import InvalidInput, NotFound
from bursar.money import NANO
from bursar.tax import CONFIDENCES, Case, Use, assess, loaded, read, read_folder

FREEDONIA = """
country: FD
name: Freedonia
currency: USD
version: "2026.1"
looked_up: 2026-01-02
year_begins: "01-01"
rules:
- id: FD-TIMING
  jurisdiction: FD
  topic: when it counts
  effect: timing
  says: It counts when it is used.
  value: use
  effective_from: 2020-01-01
  citation: Law 1
  source_seen: the law
  confidence: verified
- id: FD-VALUE
  jurisdiction: FD
  topic: value
  effect: value_basis
  says: The employer's cost.
  value: employer_cost
  effective_from: 2020-01-01
  citation: Law 2
  source_seen: the law
  confidence: verified
- id: FD-INCOME
  jurisdiction: FD
  topic: income
  effect: include
  says: Whatever is used privately.
  condition: {purpose: [personal, other]}
  effective_from: 2020-01-01
  citation: Law 3
  source_seen: the law
  confidence: verified
- id: FD-LEVY
  jurisdiction: FD
  topic: levy
  effect: rate
  says: A tenth.
  value: 0.10
  payer: [employee]
  effective_from: 2020-01-01
  effective_to: 2026-06-30
  citation: Law 4
  source_seen: the law
  confidence: verified
"""


def test_a_country_is_added_by_adding_a_file(tmp_path: Path) -> None:
    (tmp_path / "fd.yaml").write_text(FREEDONIA, encoding="utf-8")
    rules = read_folder(tmp_path)
    uses = (Use("personal", 100 * NANO, 70 * NANO),)
    spring = assess(Case("fd", date(2026, 5, 31), uses), rules)
    assert (spring.status, spring.taxable, spring.charged("employee")) == ("assessed", 70 * NANO, 7 * NANO)
    autumn = assess(Case("FD", date(2026, 10, 31), uses), rules)
    assert (autumn.taxable, autumn.charges) == (70 * NANO, ())


def test_the_version_changes_with_any_letter_of_any_rule(tmp_path: Path) -> None:
    file = tmp_path / "fd.yaml"
    file.write_text(FREEDONIA, encoding="utf-8")
    before = read_folder(tmp_path).version
    file.write_text(FREEDONIA.replace("A tenth.", "A tenth!"), encoding="utf-8")
    assert read_folder(tmp_path).version != before
    assert before.startswith("2026.1-")


WRONG = [
    ("effect: rate", "effect: levy", "rule 'FD-LEVY', effect"),
    ("value: 0.10", "value: 1.10", "rule 'FD-LEVY', value"),
    ("value: 0.10", "value: much", "rule 'FD-LEVY', value"),
    ("value: 0.10", "value: 0.00000001", "rule 'FD-LEVY', value"),
    ("payer: [employee]", "payer: [king]", "rule 'FD-LEVY', payer.0"),
    ("  payer: [employee]\n", "", "rule 'FD-LEVY', payer"),
    ("value: employer_cost", "value: a_guess", "rule 'FD-VALUE', value"),
    ("value: use", "value: someday", "rule 'FD-TIMING', value"),
    ("purpose: [personal, other]", "purpose: [fun]", "rule 'FD-INCOME', condition.purpose"),
    ("purpose: [personal, other]", "mood: true", "rule 'FD-INCOME', condition.mood"),
    ("purpose: [personal, other]", "cash_out: maybe", "rule 'FD-INCOME', condition.cash_out"),
    ("effective_to: 2026-06-30", "effective_to: 2019-06-30", "rule 'FD-LEVY', effective_to"),
    ("effective_to: 2026-06-30", "effective_to: soon", "rule 'FD-LEVY', effective_to"),
    ("effective_to: 2026-06-30", "cap: 100", "rule 'FD-LEVY', cap"),
    ("citation: Law 2", "citation: ''", "rule 'FD-VALUE', citation"),
    ("  citation: Law 2\n", "", "rule 'FD-VALUE', citation"),
    ("citation: Law 2", "citation: Law 2\n  formula: __import__('os')", "rule 'FD-VALUE', formula"),
    ("id: FD-VALUE", "id: FD-TIMING", "rule 'FD-TIMING', id"),
    ("id: FD-VALUE\n  jurisdiction: FD", "id: FD-VALUE\n  jurisdiction: UK", "rule 'FD-VALUE', jurisdiction"),
    ("  says: Whatever is used privately.\n", "  says: Whatever.\n  value: 3\n", "rule 'FD-INCOME', value"),
    ("currency: USD", "currency: FDD", "currency"),
    ('year_begins: "01-01"', 'year_begins: "13-01"', "year_begins"),
]


@pytest.mark.parametrize(("before", "after", "field"), WRONG, ids=[f"{after}"[:40] for _, after, _ in WRONG])
def test_a_wrong_file_is_refused_by_file_rule_and_field(before: str, after: str, field: str) -> None:
    assert before in FREEDONIA
    with pytest.raises(InvalidInput) as error:
        read(FREEDONIA.replace(before, after, 1), "fd.yaml")
    assert error.value.field.startswith("fd.yaml:")
    assert error.value.field.endswith(f": {field}"), error.value.sentence
    assert error.value.found
    assert error.value.expected


@pytest.mark.parametrize("text", ["", "[]", "rules: 3", "a: &x [*x]", "\x00", "{" * 500, "country: FD\nrules:\n- 3\n"])
def test_what_is_no_table_at_all_is_refused_without_a_stack_trace(text: str) -> None:
    with pytest.raises(InvalidInput):
        read(text, "fd.yaml")


def test_two_files_may_not_speak_for_one_country(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(FREEDONIA, encoding="utf-8")
    with pytest.raises(InvalidInput, match="FD"):
        read_folder(tmp_path)


def test_a_folder_without_files_and_a_file_that_is_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="0 files"):
        read_folder(tmp_path)
    (tmp_path / "fd.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidInput, match=r"fd\.yaml"):
        read_folder(tmp_path)


def test_what_comes_with_bursar_says_of_every_rule_where_it_was_read_and_how_sure_it_is() -> None:
    rules = loaded()
    assert set(rules.countries) == {"US", "UK", "DE", "CA", "IN"}
    for country in rules.countries.values():
        for rule in country.rules:
            assert rule.citation
            assert rule.source_seen
            assert rule.confidence in CONFIDENCES
            if rule.source_seen.startswith(("not looked up", "not found", "nothing")):
                assert rule.confidence == "memory", rule.id
    with pytest.raises(NotFound):
        rules.rule("FD-INCOME")
    with pytest.raises(NotFound):
        rules.country("FD")
