"""A statement that one takes along: it checks without any installation, and no byte of it can be altered unseen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.terminal import Terminal

from bursar.errors import InvalidInput
from bursar.office.oversight import portable


def test_a_signed_statement_checks_offline_and_an_altered_one_does_not(terminal: Terminal, tmp_path: Path) -> None:
    terminal.run("grant", "give", "ada", "$500", "--label", "December stipend")
    file = tmp_path / "ada.json"
    terminal.run("ledger", "sign", "ada", "--out", str(file))
    key = terminal.json("ledger", "key")["key"]
    elsewhere = Terminal(tmp_path / "nowhere")  # no installation there
    assert "unaltered" in elsewhere.run("ledger", "signed", str(file), "--key", key)
    document = elsewhere.json("ledger", "signed", str(file))
    assert document["units"][0]["closing_nanos"] == 500 * 10**9
    assert (document["person"], document["name"]) == ("ada", "Ada Abara")
    assert "cost" not in file.read_text()
    altered = json.loads(file.read_text())
    altered["document"]["units"][0]["closing_nanos"] += 1
    file.write_text(json.dumps(altered))
    assert "it was altered" in elsewhere.run("ledger", "signed", str(file), expect=2)
    assert "does not exist yet" in terminal.run("ledger", "sign", "ada", "--out", str(file), expect=2)

    signed = json.dumps({**altered, "key": "ed25519:" + "A" * 43 + "="})
    with pytest.raises(InvalidInput, match="it was altered"):
        portable.check(signed)
    with pytest.raises(InvalidInput, match="the key of the house that it is from"):
        portable.check(signed, key)
    for bad in ("", "{}", "[]", json.dumps({**altered, "document": {}}), json.dumps({**altered, "key": "rsa:x"})):
        with pytest.raises(InvalidInput):
            portable.check(bad)
