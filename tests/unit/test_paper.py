"""Paper: whatever somebody is called is printed as it is, and the same document is the same file."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zlib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typst

from bursar.errors import InvalidInput
from bursar.exchange.paper import TEMPLATES, printed
from bursar.exchange.paper.printing import FOLDER, MAX_CHARS

DAY = date(2026, 11, 20)
MARKUP = r'#panic("x") *bold* _it_ $x^2$ \ @ref <label> `code` = head [b] {c} "q" // no /* no */ ~'


def document(name: str = "Ada Abara", says: str = "cash, before tax") -> dict[str, Any]:
    row = {"what": "Base salary", "amount": "$180,000", "says": says}
    return {
        "title": "Statement of total pay",
        "person": {"name": name, "line": "ada, core"},
        "as_of": "20 November 2026",
        "pay": {"rows": [row], "sum": row},
        "no_pay": "",
        "tokens": {"rows": [row], "sum": row, "verdict": says},
        "no_tokens": "",
        "besides": [says],
        "past": [{"what": "Spent", "amount": "$1.00"}],
        "terms": [{"title": name, "standing": says, "answers": [{"question": says, "answer": says}]}],
        "like": [{"question": says, "cash": "yes", "equity": "no", "tokens": says}],
        "notes": [says],
    }


def words(found: dict[str, Any], selector: str) -> str:
    """What the template makes of a document, as typst itself reads it back."""
    source = (FOLDER / "total_pay.typ").read_bytes()
    return str(typst.query(source, selector, sys_inputs={"document": json.dumps(found)}, ignore_system_fonts=True))


@pytest.mark.parametrize(
    "name", [MARKUP, "Żółć Ωμέγα Жук", "O'Neill & Söhne <b>", "-- 'a' --- ...", "1. one", "+ plus", "/ term: x"]
)
def test_names_are_printed_sign_by_sign_and_never_read_as_markup(name: str) -> None:
    content = printed("total_pay", document(name, name), DAY)
    assert content.startswith(b"%PDF-")
    texts = re.findall(r'"text": "((?:[^"\\]|\\.)*)"', words(document(name, name), "strong"))
    assert json.loads(f'"{texts[0]}"') == name
    if shutil.which("pdftotext"):
        read = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True).stdout
        assert "".join(name.split()) in "".join(read.decode().split())


def test_a_clause_of_an_offer_letter_is_printed_with_every_answer_and_no_markup() -> None:
    found = {
        "title": MARKUP, "as_of": "20 November 2026", "promise": f"Acme promises {MARKUP}: $500 every month",
        "standing": "It is not cash.", "answers": [{"question": "Is it restricted?", "answer": MARKUP}], "terms": "stipend@9f2c",
    }  # fmt: skip
    content = printed("letter", found, DAY)
    assert content == printed("letter", found, DAY)
    source = (FOLDER / "letter.typ").read_bytes()
    told = str(typst.query(source, "strong", sys_inputs={"document": json.dumps(found)}, ignore_system_fonts=True))
    assert json.dumps(f"Acme promises {MARKUP}: $500 every month")[1:-1] in told


def test_the_same_document_of_the_same_day_is_the_same_file_and_another_day_is_not() -> None:
    one = printed("total_pay", document(), DAY)
    assert printed("total_pay", document(), DAY) == one
    assert printed("total_pay", document(), date(2026, 11, 21)) != one


def test_the_file_is_tagged_for_readers_says_what_it_is_and_brings_its_fonts() -> None:
    content = printed("total_pay", document(), DAY)
    # What is packed inside tells the rest: streams are deflated, and typst packs its objects into them.
    packed = [_unpacked(one) for one in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL)]
    everything = content + b"".join(packed)
    assert b"/StructTreeRoot" in everything
    assert b"pdfuaid:part>1<" in everything or b'pdfuaid:part="1"' in everything
    assert b"/Lang" in everything
    assert b"/FontFile3" in everything or b"/FontFile2" in everything
    assert b"http://" not in re.sub(rb"http://(www\.w3\.org|ns\.adobe\.com|purl\.org|www\.aiim\.org)", b"", everything)
    if shutil.which("pdfinfo"):
        told = subprocess.run(["pdfinfo", "-"], input=content, capture_output=True, check=True).stdout.decode()
        assert "Pages:           1" in told
        assert "Tagged:          yes" in told


@pytest.mark.parametrize("name", ["山田太郎", "😀", "a\x00b\x1b[31m", "x\u202ey", "", "x" * 5_000, "a\nb"])
def test_signs_that_no_font_has_do_not_stop_a_statement(name: str) -> None:
    assert printed("total_pay", document(name), DAY).startswith(b"%PDF-")


def test_what_is_no_template_and_what_is_too_long_is_refused() -> None:
    assert TEMPLATES == ("letter", "total_pay")
    for name in ("other", "../printing", ""):
        with pytest.raises(InvalidInput, match="template"):
            printed(name, document(), DAY)
    with pytest.raises(InvalidInput, match=f"at most {MAX_CHARS}"):
        printed("total_pay", document("x" * MAX_CHARS), DAY)


def test_a_template_reads_nothing_but_its_document() -> None:
    for one in Path(FOLDER).glob("*.typ"):
        source = one.read_text()
        assert not re.search(r"#?(read|image|include|import|eval|plugin)\b\s*[(\"]", source)


def _unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""
