"""The API over a real socket: once for a key, nothing overwritten unseen, pages that stay right, long work, problems in words."""

from __future__ import annotations

import gzip
import http.client
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import select, update
from tests.support.api import PLAN, Served, served
from tests.support.profile import NIGHTLY

from bursar.api import PREFIX, ROUTES
from bursar.ledger.proof import verify_proof
from bursar.office.database import reading, transaction
from bursar.office.granting import promises
from bursar.office.tables import kept_answer
from bursar.office.vault import rotate_master_file
from bursar.office.works import kept_answers, work

ENGINES = ("sqlite", "postgresql")
AT_ONCE = 40


@pytest.fixture(scope="module", params=ENGINES)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    url = ""
    if request.param == "postgresql":
        import psycopg

        server: str = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE api_served")
        url = server.replace("/postgres?", "/api_served?")
    folder: Path = tmp_path_factory.mktemp("api")
    with served(folder, url) as found:
        yield found


def kind(answer: httpx.Response) -> str:
    """The end of a problem's type."""
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["instance"] == f"urn:bursar:request:{answer.headers['x-request-id']}"
    return str(problem["type"]).rpartition(":")[2]


def at_once(work: Any, many: int = AT_ONCE) -> list[httpx.Response]:
    with ThreadPoolExecutor(many) as pool:
        return list(pool.map(work, range(many)))


# Once for a key.


def test_forty_of_one_key_at_once_do_it_once(house: Served) -> None:
    body = {"amount": "$7", "label": "forty at once"}

    def send(_: int) -> httpx.Response:
        for _ in range(200):
            answer = house.post("cora", "/people/ben/grants", body, headers={"Idempotency-Key": "forty"})
            if answer.status_code != 409:
                return answer
            assert kind(answer) == "key-busy"
            assert answer.headers["retry-after"] == "1"
            time.sleep(0.05)
        raise AssertionError("the key stays busy")

    answers = at_once(send)
    assert {one.status_code for one in answers} == {200}
    assert len({one.text for one in answers}) == 1
    assert sum("idempotency-replayed" not in one.headers for one in answers) == 1
    lots = house.get("aud", "/people/ben/lots").json()["items"]
    assert sum(one["label"] == "forty at once" for one in lots) == 1


def test_a_secret_that_is_shown_once_is_shown_again_to_its_key_and_never_lies_in_the_open(house: Served) -> None:
    headers = {"Idempotency-Key": "laptop"}
    first = house.post("ada", "/people/@me/keys", {"label": "laptop"}, headers=headers)
    again = house.post("ada", "/people/@me/keys", {"label": "laptop"}, headers=headers)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"] == f"{PREFIX}/keys/{first.json()['id']}"
    assert len(house.get("ada", "/people/@me/keys").json()["items"]) == 1
    with reading(house.desk.engine) as connection:
        kept = connection.execute(select(kept_answer).where(kept_answer.c.key == "laptop")).one()
    assert first.json()["secret"].encode() not in kept.answer
    assert len(kept.answer) > 100


def test_a_key_stands_for_one_request_of_one_account(house: Served) -> None:
    headers = {"Idempotency-Key": "one-request"}
    assert house.post("cora", "/people", {"handle": "first"}, headers=headers).status_code == 201
    for path, body in (("/people", {"handle": "second"}), ("/people/ben/suspend", None)):
        answer = house.post("cora", path, body, headers=headers)
        assert (answer.status_code, kind(answer)) == (409, "key-reused")
    assert house.get("cora", "/people/second").status_code == 404
    # Another account's key of the same name is another key.
    assert house.post("ada", "/people/@me/keys", {"label": "x"}, headers=headers).status_code == 201


def test_what_was_refused_may_be_asked_again_with_its_key(house: Served) -> None:
    headers = {"Idempotency-Key": "refused"}
    first = house.post("cora", "/people", {"handle": "Not A Handle"}, headers=headers)
    assert first.status_code == 422
    assert house.post("cora", "/people", {"handle": "a-handle"}, headers=headers).status_code == 201


def test_a_key_is_checked_and_forgotten_after_a_day(house: Served) -> None:
    for key in ("x" * 201, "a\tb"):
        answer = house.post("cora", "/people", {"handle": "nobody"}, headers={"Idempotency-Key": key})
        assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")
    headers = {"Idempotency-Key": "yesterday"}
    assert house.post("cora", "/people", {"handle": "yesterday"}, headers=headers).status_code == 201
    day = kept_answers.KEEP_SECONDS * 1_000_000
    with transaction(house.desk.engine) as connection:
        row = connection.execute(select(kept_answer).where(kept_answer.c.key == "yesterday")).one()
        assert row.expires - row.created == day
        connection.execute(
            update(kept_answer).where(kept_answer.c.key == "yesterday").values(expires=row.expires - day)
        )
    assert house.post("cora", "/people", {"handle": "today"}, headers=headers).status_code == 201


def test_a_request_that_broke_off_is_never_done_again_under_its_key(house: Served) -> None:
    engine, vault, now = house.desk.engine, house.desk.vault, house.desk.now()
    assert kept_answers.take(engine, vault, "acc_cora", "cut-off", "digest", now) is None
    with pytest.raises(kept_answers.KeyBusy):
        kept_answers.take(engine, vault, "acc_cora", "cut-off", "digest", now)
    later = now + kept_answers.RUN_SECONDS * 1_000_000
    with pytest.raises(kept_answers.KeyUnfinished) as caught:
        kept_answers.take(engine, vault, "acc_cora", "cut-off", "digest", later)
    assert "did not come to an end" in caught.value.sentence
    with pytest.raises(kept_answers.KeyReused):
        kept_answers.take(engine, vault, "acc_cora", "cut-off", "another", later)


# Nothing overwritten unseen.


def test_of_twenty_changes_to_what_all_have_read_one_wins(house: Served) -> None:
    tag = house.get("cora", "/people/zoe").headers["etag"]

    def change(number: int) -> httpx.Response:
        return house.ask("cora", "PATCH", "/people/zoe", json={"team": f"team-{number}"}, headers={"If-Match": tag})

    answers = at_once(change, 20)
    won = [one for one in answers if one.status_code == 200]
    assert len(won) == 1
    assert {kind(one) for one in answers if one.status_code != 200} == {"precondition-failed"}
    assert house.get("cora", "/people/zoe").json()["team"] == won[0].json()["team"]


def test_a_grant_is_amended_only_as_it_was_read(house: Served) -> None:
    grant = house.post("cora", "/people/ben/grants", {"plan": "stipend"}).json()["grant"]
    tag = house.get("cora", f"/grants/{grant}").headers["etag"]
    body = {"amount": "$600", "reason": "more"}
    first = house.post("cora", f"/grants/{grant}/amend", body, headers={"If-Match": tag})
    assert first.status_code == 200
    body = {"amount": "$700", "reason": "even more"}
    again = house.post("cora", f"/grants/{grant}/amend", body, headers={"If-Match": tag})
    assert (again.status_code, kind(again)) == (412, "precondition-failed")
    assert len(house.get("cora", f"/grants/{grant}").json()["changes"]) == 2


def test_a_condition_where_there_is_nothing_to_hold_it_against_is_refused(house: Served) -> None:
    answer = house.post("cora", "/people", {"handle": "x"}, headers={"If-Match": '"a"'})
    assert (answer.status_code, answer.json()["field"]) == (422, "If-Match")
    given = house.post("cora", "/people/mia/grants", {"amount": "$5"}).json()["grant"]
    answer = house.post("cora", f"/grants/{given}/revoke", {}, headers={"If-Match": '"a"'})
    assert (answer.status_code, answer.json()["field"]) == (422, "If-Match")
    assert house.get("cora", f"/grants/{given}").json()["state"] == "running"


def test_who_has_it_already_is_told_so(house: Served) -> None:
    for path in ("/people/ada", "/plans/stipend", "/policy", "/openapi.json"):
        first = house.get("cora", path)
        tag = first.headers["etag"]
        assert tag.startswith('"'), "a strong tag"
        for condition in (tag, f'"other", {tag}', "*", f"W/{tag}"):
            again = house.get("cora", path, headers={"If-None-Match": condition})
            assert (again.status_code, again.content) == (304, b""), (path, condition)
            assert again.headers["etag"] == tag
        assert house.get("cora", path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_what_travels_packed_has_a_tag_of_its_own(house: Served) -> None:
    plain = house.get("cora", "/policy", headers={"Accept-Encoding": "identity"})
    packed = house.get("cora", "/policy", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.content == packed.content
    assert plain.headers["etag"] != packed.headers["etag"]
    for tag in (plain.headers["etag"], packed.headers["etag"]):
        assert house.get("cora", "/policy", headers={"If-None-Match": tag}).status_code == 304
    assert gzip.compress(plain.content)


# Pages.


def test_pages_stay_right_while_people_are_added(house: Served) -> None:
    before = [one["handle"] for one in house.get("cora", "/people?limit=500").json()["items"]]
    found, cursor, number = [], "", 0
    while cursor is not None:
        page = house.get("cora", "/people", params={"limit": 3, "after": cursor}).json()
        found += [one["handle"] for one in page["items"]]
        for name in (f"a{number:03}", f"m{number:03}", f"z{number:03}"):
            if number < 10:
                house.post("cora", "/people", {"handle": name})
        cursor, number = page["next"], number + 1
    assert len(set(found)) == len(found)
    assert set(before) <= set(found)
    assert found == sorted(found)


def test_a_statement_in_pages_is_the_whole_statement(house: Served) -> None:
    for number in range(7):
        event = {
            "specversion": "1.0",
            "type": "dev.bursar.usage.v1",
            "source": "pages",
            "id": str(number),
            "subject": "ada",
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60 * number)),
            "data": {"amount": f"${number + 1}"},
        }
        assert house.post("plat", "/usage-events", [event]).status_code == 200
    whole = house.get("ada", "/people/@me/statement?limit=500").json()
    assert whole["next"] is None
    found, cursor = [], ""
    while cursor is not None:
        page = house.get("ada", "/people/@me/statement", params={"limit": 2, "after": cursor}).json()
        assert (page["opening"], page["closing"]) == (whole["opening"], whole["closing"])
        found += page["items"]
        cursor = page["next"]
    assert found == whole["items"]
    assert len(found) >= 7
    change = sum(int(one["change"]["nanos"]) for one in found)
    assert int(whole["opening"]["nanos"]) + change == int(whole["closing"]["nanos"])


def test_the_audit_log_and_the_looks_come_in_pages_the_newest_first(house: Served) -> None:
    for path in ("/audit", "/people/ada/reads"):
        found, cursor = [], ""
        while cursor is not None:
            page = house.get("aud", path, params={"limit": 4, "after": cursor}).json()
            found += page["items"]
            cursor = page["next"]
        ats = [one["at"] for one in found]
        assert ats == sorted(ats, reverse=True)
    numbers = [one["seq"] for one in found if "seq" in one]
    assert numbers == sorted(set(numbers), reverse=True)


# What comes in.


def test_a_batch_of_usage_is_recorded_once_and_whole(house: Served) -> None:
    event = {
        "specversion": "1.0",
        "type": "dev.bursar.usage.v1",
        "source": "cluster",
        "id": "job-1",
        "subject": "ada",
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "data": {"amount": "1.5 GPU-h", "product": "h100"},
    }

    def record(body: Any, media: str = "application/cloudevents-batch+json") -> httpx.Response:
        content = body if isinstance(body, str) else json.dumps(body)
        return house.ask("plat", "POST", "/usage-events", content=content, headers={"Content-Type": media})

    assert record([event]).json()["recorded"] == 1
    assert record([event]).json() | {"items": []} == {"recorded": 0, "repeated": 1, "dry_run": False, "items": []}
    assert record(event, "application/cloudevents+json").json()["repeated"] == 1
    other = {**event, "data": {"amount": "2 GPU-h", "product": "h100"}}
    assert (record([other]).status_code, kind(record([other]))) == (409, "conflict")
    wrong = record([{**event, "id": "job-2"}, {**event, "id": "job-3", "subject": "nobody"}])
    assert (wrong.status_code, "person" in wrong.json()["field"]) == (422, True)
    assert record([{**event, "id": "job-2"}]).json()["recorded"] == 1
    line = f"id,person,amount,time,model\njob-9,ada,$1,{event['time']},h100\n"
    assert record(line, "text/csv").json()["recorded"] == 1
    units = house.get("ada", "/people/@me/usage").json()["other_units"]
    assert "gpu-h" in units
    assert house.get("ada", "/people/@me/usage?unit=gpu-h").json()["items"][0]["amount"]["amount"] == "3"


def test_forty_of_one_event_at_once_are_charged_once(house: Served) -> None:
    event = {
        "specversion": "1.0",
        "type": "dev.bursar.usage.v1",
        "source": "race",
        "id": "one",
        "subject": "mia",
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "data": {"amount": "$1"},
    }
    answers = at_once(lambda _: house.post("plat", "/usage-events", [event]), 12)
    assert {one.status_code for one in answers} == {200}
    assert sum(one.json()["recorded"] for one in answers) == 1


# Problems.


def test_bad_input_is_a_problem_that_names_field_found_and_expected(house: Served) -> None:
    for login, method, path, body, field in (
        ("cora", "PATCH", "/people/ada", {"team": 5}, "team"),
        ("cora", "PATCH", "/people/ada", {"colour": "red"}, "colour"),
        ("cora", "PATCH", "/people/ada", {}, "body"),
        ("cora", "PATCH", "/people/ada", {"zone": "Mars/Olympus"}, "zone"),
        ("cora", "PATCH", "/people/ada", {"name": "a\u0000b"}, "name"),
        ("cora", "POST", "/people/ada/grants", {"amount": "12,50"}, "amount"),
        ("ada", "POST", "/people/@me/keys", {"expires": "yesterday"}, "expires"),
        ("ada", "POST", "/people/@me/keys", {"models": ["x"] * 101}, "models"),
        ("ada", "GET", "/people/@me/balance?at=9999-99-99", None, "at"),
        ("ada", "GET", "/people/@me/balance?at=0001-01-01", None, "at"),
        ("ada", "GET", "/people/@me/usage?by=mood", None, "by"),
        ("ada", "GET", "/people/@me/keys?limit=0", None, "limit"),
        ("ada", "GET", "/people/@me/keys?colour=red", None, "colour"),
    ):
        answer = house.ask(login, method, path, json=body)
        assert (answer.status_code, kind(answer)) == (422, "invalid-input"), path
        problem = answer.json()
        assert problem["field"] == field
        assert problem["found"]
        assert problem["expected"]
        assert problem["detail"].startswith(field)


def test_what_is_no_json_is_said_with_its_line(house: Served) -> None:
    headers = {"Content-Type": "application/json"}
    for content, found in (
        ('{"team":\n x}', "line 2"),
        ('{"team": NaN}', "NaN"),
        ("[" * 100_000, "recursion"),
        (b"\xff\xfe\x00", "can't decode"),
    ):
        answer = house.ask("cora", "PATCH", "/people/ada", content=content, headers=headers)
        assert (answer.status_code, answer.json()["field"]) == (422, "body")
        assert found in answer.json()["found"]


def test_a_body_of_another_form_or_size_is_not_taken(house: Served) -> None:
    answer = house.ask("cora", "POST", "/people", content="x", headers={"Content-Type": "text/plain"})
    assert (answer.status_code, kind(answer)) == (415, "unsupported-media-type")
    answer = house.post("cora", "/people", {"handle": "x", "name": "y" * 300_000})
    assert (answer.status_code, kind(answer)) == (413, "too-large")


def test_an_address_says_what_it_takes(house: Served) -> None:
    answer = house.ask("ada", "DELETE", "/people/ada")
    assert (answer.status_code, kind(answer), answer.headers["allow"]) == (405, "method-not-allowed", "GET, PATCH")
    assert kind(house.get("ada", "/nothing/here")) == "not-found"
    assert house.get("ada", "/people/ada/").status_code == 404


def test_every_answer_is_protected_and_kept_by_nobody(house: Served) -> None:
    for path in ("/me", "/people/zoe", "/nothing"):
        headers = house.get("ada", path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
    parts = urlsplit(house.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    connection.request("GET", f"{PREFIX}/health", headers={"Host": "evil.example"})
    answer = connection.getresponse()
    assert answer.status == 421
    assert json.loads(answer.read())["type"].endswith("misdirected")
    connection.close()


# Long work.


def test_long_work_is_followed_fetched_and_its_own(house: Served) -> None:
    begun = house.post("aud", "/ledger/verifications")
    assert begun.status_code == 202
    job = begun.json()["id"]
    assert begun.headers["location"] == f"{PREFIX}/jobs/{job}"
    with house.client.stream(
        "GET", f"{house.url}{PREFIX}/jobs/{job}/events", headers={"Authorization": f"Bearer {house.tokens['aud']}"}
    ) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        told = "".join(stream.iter_text())
    assert told.rstrip().rpartition("\n\n")[2].startswith("event: over\n")
    done = house.get("aud", f"/jobs/{job}").json()
    assert (done["state"], done["share"], done["result_type"]) == ("done", 1.0, "application/json")
    result = house.get("aud", f"/jobs/{job}/result").json()
    assert (result["clean"], result["findings"]) == (True, [])
    assert house.get("aud", "/jobs").json()["items"][0]["id"] == job
    assert house.get("fin", f"/jobs/{job}").status_code == 404
    assert house.post("fin", f"/jobs/{job}/cancel").status_code == 404
    again = house.post("aud", f"/jobs/{job}/cancel")
    assert (again.status_code, kind(again)) == (409, "conflict")


def test_long_work_that_is_not_wanted_any_more_ends_at_its_next_step(house: Served) -> None:
    body = {"document": PLAN, "months": 120, "scenarios": 2000, "history": False}
    job = house.post("cora", "/plans/simulate", body).json()["id"]
    cancelled = house.post("cora", f"/jobs/{job}/cancel")
    assert cancelled.status_code == 200
    end = time.monotonic() + 60
    while (found := house.get("cora", f"/jobs/{job}").json())["state"] in ("waiting", "running"):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert found["state"] == "cancelled"
    assert house.get("cora", f"/jobs/{job}/result").status_code == 409


def test_a_simulation_is_a_job_whose_result_is_what_the_command_prints(house: Served) -> None:
    body = {"document": PLAN, "months": 3, "scenarios": 20, "steady": True, "usage": ["$100@0"], "start": "2027-01"}
    job = house.post("fin", "/plans/simulate", body).json()["id"]
    end = time.monotonic() + 60
    while house.get("fin", f"/jobs/{job}").json()["state"] != "done":
        assert time.monotonic() < end
        time.sleep(0.05)
    result = house.get("fin", f"/jobs/{job}/result").json()
    assert result["bursar"] == "simulation/1"
    assert result["setup"]["scenarios"] == 20


def test_the_audit_log_comes_out_whole_and_in_order(house: Served) -> None:
    job = house.post("aud", "/audit/exports").json()["id"]
    while house.get("aud", f"/jobs/{job}").json()["state"] != "done":
        time.sleep(0.05)
    answer = house.get("aud", f"/jobs/{job}/result")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.ndjson"'
    numbers = [json.loads(line)["seq"] for line in answer.text.splitlines()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_so_much_long_work_of_one_account_is_too_much(house: Served) -> None:
    body = {"document": PLAN, "months": 120, "scenarios": 2000, "history": False}
    begun = [house.post("cora", "/plans/simulate", body) for _ in range(work.MAX_UNFINISHED + 2)]
    refused = [one for one in begun if one.status_code != 202]
    for one in begun:
        if one.status_code == 202:
            house.post("cora", f"/jobs/{one.json()['id']}/cancel")
    assert refused
    assert {kind(one) for one in refused} == {"too-many"}
    assert all(int(one.headers["retry-after"]) > 0 for one in refused)


# What a person does.


def test_a_request_for_more_goes_from_asking_to_the_lot(house: Served) -> None:
    promises.give(house.desk, "ada", "stipend")
    ways = house.get("ada", "/people/@me/topups/ways").json()["items"]
    assert (ways[0]["approvers"], ways[0]["most"]["amount"]) == (["Mia"], "300")
    too_much = house.post("ada", "/people/@me/topups", {"amount": "$301"})
    assert (too_much.status_code, too_much.json()["field"]) == (422, "amount")
    asked = house.post("ada", "/people/@me/topups", {"amount": "$100", "reason": "migration"})
    assert asked.status_code == 201
    request = asked.json()["id"]
    waiting = house.get("mia", "/topups?waiting_for_me=true").json()["items"]
    assert [one["id"] for one in waiting] == [request]
    assert house.post("ada", f"/topups/{request}/approve", {}).status_code == 403
    assert house.post("fin", f"/topups/{request}/approve", {}).status_code == 403
    tag = house.get("mia", f"/topups/{request}").headers["etag"]
    decided = house.post("mia", f"/topups/{request}/approve", {"note": "go"}, headers={"If-Match": tag})
    assert (decided.status_code, decided.json()["state"], decided.json()["decided_by"]) == (200, "approved", "mia")
    lots = house.get("ada", "/people/@me/balance").json()["lots"]
    assert any(one["label"] == "Top-up" and one["amount"]["amount"] == "100" for one in lots)
    again = house.post("mia", f"/topups/{request}/deny", {}, headers={"If-Match": tag})
    assert kind(again) == "precondition-failed"


def test_a_consent_is_to_words_that_were_seen(house: Served) -> None:
    words = house.get("ben" if "ben" in house.tokens else "ada", "/people/@me/consents").json()["words"]
    other = house.post("ada", "/people/@me/consents", {"words": words + "!"})
    assert (other.status_code, other.json()["field"]) == (422, "words")
    given = house.post("ada", "/people/@me/consents", {"words": words})
    assert given.json()["items"][-1]["withdrawn"] is None
    assert house.post("ada", "/people/@me/consents", {"words": words}).status_code == 409
    taken = house.post("ada", "/people/@me/consents/withdraw")
    assert taken.json()["items"][-1]["withdrawn"] is not None


def test_a_plan_with_faults_is_an_answer_and_one_without_comes_into_force(house: Served) -> None:
    checked = house.post("cora", "/plans/check", {"document": PLAN.replace("every: month", "every: fortnight")}).json()
    assert (checked["good"], checked["faults"][0]["field"], checked["faults"][0]["line"]) == (
        False,
        "allotment.every",
        5,
    )
    other = PLAN.replace("name: stipend", "name: other").replace("$500", "$300")
    assert house.post("cora", "/plans/check", {"document": other}).json()["good"]
    different = house.post("cora", "/plans/diff", {"before": {"plan": "stipend"}, "after": {"document": other}}).json()
    assert {"term": "tiers.everyone.amount", "before": "$500.00", "after": "$300.00"} in different["items"]
    tried = house.post("cora", "/plans/apply", {"document": other, "dry_run": True}).json()
    assert (tried["changed"], tried["dry_run"]) == (True, True)
    assert house.get("cora", "/plans/other").status_code == 404
    assert house.post("cora", "/plans/apply", {"document": other}).json()["version"] == 1
    assert house.post("cora", "/plans/apply", {"document": other}).json()["changed"] is False
    found = house.get("cora", "/plans/other").json()
    assert (found["version"], found["in_force"], found["document"]) == (1, True, other)
    assert len(house.get("cora", "/plans/other/facts").json()["answers"]) == 12
    wrong = house.post("cora", "/plans/apply", {"document": PLAN + "colour: red\n"})
    assert (wrong.status_code, "colour" in wrong.json()["field"]) == (422, True)


def test_a_statement_proves_itself_where_no_contract_would_show(house: Served) -> None:
    head = house.get("aud", "/ledger/head").json()["hash"]
    document = house.get("ada", "/people/@me/statement/proof").json()
    assert verify_proof(document, head) == []
    document["statement"]["closing"] += 1
    assert verify_proof(document, head) != []


def test_cost_at_contract_rates_is_shown_to_nobody_without_the_right(house: Served) -> None:
    rate = {"provider": "anthropic", "model": "claude-*", "discount": "20%"}
    assert house.post("fin", "/prices", rate).status_code == 200
    for login, shown in (("ada", False), ("cora", False), ("fin", True), ("plat", True), ("aud", True)):
        rows = house.get(login, "/prices?model=claude-sonnet-4-5").json()["items"]
        assert rows
        assert all((one["cost"] is not None) == shown for one in rows), login
    assert "cost" not in house.get("ada", "/people/@me/usage").text
    assert "cost_nanos" not in house.get("ada", "/people/@me/statement").text


def test_small_groups_are_told_together_in_what_the_house_spends(house: Served) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    crew = [f"crew{number}" for number in range(5)]
    for handle in crew:
        house.post("cora", "/people", {"handle": handle, "team": "crew"})
    lines = [f"{who},{who},$2,{stamp},big" for who in crew] + [f"few{n},crew{n},$3,{stamp},small" for n in range(4)]
    body = "id,person,amount,time,model\n" + "\n".join(lines) + "\n"
    assert (
        house.ask(
            "plat", "POST", "/usage-events?source=groups", content=body, headers={"Content-Type": "text/csv"}
        ).json()["recorded"]
        == 9
    )
    models = {one["key"]: one for one in house.get("fin", "/usage?by=model").json()["items"]}
    # Four are too few to be told apart, and what would give them away by taking it from the whole goes with them.
    assert "small" not in models
    teams = {one["key"]: one for one in house.get("fin", "/usage?by=team").json()["items"]}
    # So it is with teams: the crew hides those who are fewer than five.
    assert "core" not in teams
    assert all(one["people"] >= 5 for one in teams.values())
    days = house.get("fin", "/usage?by=day").json()["items"]
    assert [one["key"] for one in days] == [stamp[:10]]
    assert days[0]["people"] >= 5


def test_a_key_that_is_paused_works_again_when_it_is_resumed(house: Served) -> None:
    made = house.post("ada", "/people/@me/keys", {"label": "paused"}).json()
    key = made["id"]
    assert house.post("plat", f"/keys/{key}/pause").json()["state"] == "paused"
    assert kind(house.post("plat", f"/keys/{key}/pause")) == "conflict"
    assert house.post("ada", f"/keys/{key}/rotate", {}).status_code == 409
    assert house.post("ada", f"/keys/{key}/resume").json()["state"] == "live"
    rotated = house.post("ada", f"/keys/{key}/rotate", {"overlap_seconds": 60}).json()
    assert rotated["id"] == key
    assert rotated["secret"] != made["secret"]
    assert house.post("ada", f"/keys/{key}/revoke").json()["state"] == "revoked"
    assert kind(house.post("ada", f"/keys/{key}/resume")) == "conflict"


def test_offers_are_weighed_and_nothing_is_kept(house: Served) -> None:
    offer = "bursar: offer/1\nname: acme\npay: {salary: '$200,000'}\ntokens: {amount: $500, every: month}\n"
    found = house.post("ada", "/offers/evaluate", {"document": offer, "worlds": 500})
    assert found.status_code == 200
    assert found.json()["answers"]["worlds"] == 500
    same = house.post("ada", "/offers/evaluate", {"document": offer, "worlds": 500})
    assert same.json() == found.json()
    questions = house.post("ada", "/offers/questions", {"document": offer, "worlds": 500}).json()["items"]
    assert questions
    other = offer.replace("acme", "globex").replace("$500", "$900")
    side = house.post("ada", "/offers/compare", {"documents": [offer, other], "worlds": 500}).json()
    assert side["by_headline"] == ["globex", "acme"]
    twice = house.post("ada", "/offers/compare", {"documents": [offer, offer], "worlds": 500})
    assert (twice.status_code, twice.json()["field"]) == (422, "documents.1")
    assert house.post("", "/offers/evaluate", {"document": offer}).status_code == 401


def test_notices_go_to_a_webhook_that_was_subscribed(house: Served) -> None:
    for url in ("http://example.com/x", "ftp://x", "https://user:pw@example.com/", "x" * 2_001):
        answer = house.post("plat", "/webhooks", {"url": url})
        assert answer.status_code == 422
        assert url[:200] not in answer.json()["detail"]
    wrong = house.post("plat", "/webhooks", {"url": "https://example.com/x", "kinds": ["gossip"]})
    assert wrong.json()["field"] == "kinds"
    made = house.post("plat", "/webhooks", {"url": "http://127.0.0.1:9/x?token=hush", "kinds": ["test"]}).json()
    assert made["secret"].startswith("whsec_")
    listed = house.get("plat", "/webhooks")
    assert "hush" not in listed.text
    assert made["secret"] not in listed.text
    tested = house.post("plat", "/webhooks/test").json()["items"]
    assert [(one["channel"], one["delivered"]) for one in tested] == [(f"webhook:{made['id']}", False)]
    assert house.ask("plat", "DELETE", f"/webhooks/{made['id']}").status_code == 204
    assert house.ask("plat", "DELETE", f"/webhooks/{made['id']}").status_code == 404
    assert house.get("plat", "/webhooks").json()["items"] == []


def test_every_operation_was_reached_by_somebody_who_may(house: Served) -> None:
    """Reading each of them once, with what there is: no operation of the document answers with a fault of ours."""
    for route in ROUTES:
        if route.method != "GET" or "{" in route.path.replace("{person}", ""):
            continue
        path = route.path.replace("{person}", "ada")
        action = route.gate.action
        login = (
            "aud" if action is None or "auditor" in action.scopes else "plat" if "platform" in action.scopes else "ada"
        )
        params = {"model": "gpt-4o"} if route.name == "listPrices" else {}
        if action is not None and not action.by_token:
            answer = house.ask_signed_in(login, "GET", path)
        else:
            answer = house.get(login, path, params=params)
        if route.name in ("getReconciliation", "getVerification") and answer.status_code == 404:
            assert "ask for it with a POST" in answer.text
            continue
        assert answer.status_code == 200, (route.name, answer.text)


def test_kept_answers_move_to_another_master_key(tmp_path: Path) -> None:
    with served(tmp_path) as house:
        headers = {"Idempotency-Key": "before"}
        first = house.post("ada", "/people/@me/keys", {"label": "x"}, headers=headers).json()
        house.post("plat", "/webhooks", {"url": "https://example.com/x"})
        rotate_master_file(house.desk.engine, house.settings.home / "master.key", actor="test", now=house.desk.now())
        with reading(house.desk.engine) as connection:
            row = connection.execute(select(kept_answer)).first()
        assert row is not None
        from bursar.office.vault import open_vault

        vault = open_vault(house.settings.home / "master.key")
        opened = vault.open(row.answer, f"kept_answer/acc_ada/{row.key}").reveal()
        assert json.loads(opened)[0] == 201
        assert first["id"]


def test_visitors_weigh_offers_only_where_the_house_says_so(tmp_path: Path) -> None:
    offer = {
        "document": "bursar: offer/1\nname: acme\npay: {salary: '$200,000'}\ntokens: {amount: $500, every: month}\n"
    }
    with served(tmp_path, offers_public=True) as house:
        assert house.post("", "/offers/evaluate", {**offer, "worlds": 500}).status_code == 200
        assert house.post("", "/offers/questions", {**offer, "worlds": 500}).status_code == 200
        assert house.get("", "/plans").status_code == 401
        assert (
            house.ask("", "POST", "/offers/evaluate", json=offer, headers={"Authorization": "Bearer x"}).status_code
            == 401
        )


@pytest.mark.skipif(not NIGHTLY, reason="BURSAR_PROFILE=nightly: a hundred keys of forty requests each")
def test_a_hundred_keys_of_forty_each(house: Served) -> None:
    for number in range(100):
        body = {"amount": "$1", "label": f"nightly {number}"}

        def send(_: int, number: int = number, body: Any = body) -> httpx.Response:
            while True:
                answer = house.post("cora", "/people/ben/grants", body, headers={"Idempotency-Key": f"n{number}"})
                if answer.status_code != 409:
                    return answer

        assert len({one.text for one in at_once(send)}) == 1
    lots = house.get("aud", "/people/ben/lots?limit=500").json()["items"]
    assert sum(one["label"].startswith("nightly") for one in lots) == 100
