"""A provider's bill over the API: imported, held against charges, set right, and what nobody owns resolved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from tests.support.api import Served, served

from bursar.ledger import Charge, LotTerms, Release, Request, Usage, apply_now
from bursar.office import months

MONTH = months.following(months.month_of(int(datetime.now(UTC).timestamp()) * 1_000_000), -1)
START, END = months.micros_of(MONTH)
AT = START + 4 * months.MICROS_PER_DAY + 9 * 3_600_000_000
DAY = f"{MONTH}-05"
HEADER = "date,model,api_key_id,num_model_requests,input_tokens,output_tokens\n"
BILL = HEADER + f"{DAY},gpt-4o,gate,2,300,35\n{DAY},gpt-4o,who,1,1000,10\n"
CSV = {"Content-Type": "text/csv"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("bills")) as found:
        ada = found.desk.person("ada")["id"]
        charges = [
            Charge(
                name,
                ada,
                "USD",
                tokens["input"] * 2500,
                Request("openai", "gpt-4o", "work"),
                Usage(
                    request_id=name,
                    provider="openai",
                    model="gpt-4o",
                    status=status,
                    tokens=tokens,
                    list_nanos=tokens["input"] * 2500,
                    cost_nanos=tokens["input"] * 2500,
                    at=AT,
                ),
            )
            for name, status, tokens in (("sure", "exact", {"input": 100}), ("guess", "estimated", {"input": 150}))
        ]
        lot = LotTerms("lot_bill", "USD", 10**10, START, END + 10**13)
        apply_now(found.desk.store, [Release("release:bill", ada, lot), *charges], AT)
        yield found


def test_a_bill_is_imported_compared_applied_and_resolved(house: Served) -> None:
    path = f"/bills/openai/{MONTH}"
    assert house.get("fin", path).status_code == 404
    wrong = house.ask("fin", "POST", "/bills/openai", content=HEADER + f"{DAY},gpt-4o,gate,2,many,35\n", headers=CSV)
    assert (wrong.status_code, "line 2" in wrong.json()["detail"]) == (422, True)
    for changed in (2, 0):
        told = house.ask("fin", "POST", "/bills/openai", content=BILL, headers=CSV)
        assert (told.status_code, told.json()["changed"]) == (200, changed)

    found = house.get("fin", path).json()
    assert [(one["kind"], one["told"]) for one in found["findings"]] == [
        ("estimated", {"input": 200, "output": 35}),
        ("suspense", {"input": 1000, "output": 10}),
    ]
    assert (found["assumed"], found["unexplained"]) == (True, 0)
    assert house.post("aud", f"{path}/applied").status_code == 403
    assert house.post("fin", f"{path}/applied").json() == {"corrected": 1, "charged": 0, "suspense": 1, "entries": 1}
    assert house.post("fin", f"{path}/applied").json() == {"corrected": 0, "charged": 0, "suspense": 0, "entries": 0}

    (entry,) = house.get("aud", "/suspense", params={"state": "open"}).json()["items"]
    assert (entry["key"], entry["resolved"]) == ("who", None)
    assert house.post("fin", f"/suspense/{entry['id']}/dismissal", {"note": ""}).status_code == 422
    done = house.post("fin", f"/suspense/{entry['id']}/attribution", {"person": "ben", "note": "his", "own_key": True})
    assert (done.status_code, done.json()["state"], done.json()["person"]) == (200, "attributed", "ben")
    assert house.post("fin", f"/suspense/{entry['id']}/dismissal", {"note": "again"}).status_code == 409
    found = house.get("fin", path).json()
    assert found["findings"] == []
    assert found["bill"] == found["charged"]
    assert house.get("fin", "/billed-seats").json()["items"] == []
