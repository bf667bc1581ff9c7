"""A directory keeps the roster by SCIM, over a real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server
from tests.support.api import Served, served, token_of
from tests.support.profile import NIGHTLY

from bursar.office import audit
from bursar.office.database import reading
from bursar.office.granting import grants, promises
from bursar.scim import PREFIX

ENGINES = ("sqlite", "postgresql") if NIGHTLY else ("sqlite",)


@pytest.fixture(scope="module", params=ENGINES)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    url = ""
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE scim")
        url = server.replace("/postgres?", "/scim?")
    with served(tmp_path_factory.mktemp("scim"), url) as found:
        found.tokens["directory"] = token_of(found.desk, "acc_own", "roster.provision")
        yield found


def test_the_checker_of_the_protocol_finds_nothing(house: Served) -> None:
    """Every check of scim2-tester, with models that it builds from what the server publishes."""
    headers = {"Authorization": f"Bearer {house.tokens['directory']}"}
    with httpx2.Client(base_url=house.url + PREFIX, headers=headers, timeout=30, verify=False) as client:
        results = check_server(SyncSCIMClient(client))
    assert [(one.title, one.reason) for one in results if one.status not in (Status.SUCCESS,)] == []
    titles = {one.title for one in results}
    assert {"object_creation", "object_replacement", "object_deletion", "check_add_attribute", "check_remove_attribute",
            "check_replace_attribute", "search_with_attributes", "random_url"} <= titles  # fmt: skip
    assert len(results) > 60


def ask(house: Served, method: str, path: str, body: Any = None, *, login: str = "directory", **headers: str) -> Any:
    given = {**({"Authorization": f"Bearer {house.tokens[login]}"} if login else {}), **headers}
    return house.client.request(method, f"{house.url}{PREFIX}{path}", json=body, headers=given)


def user(name: str, /, **more: Any) -> dict[str, Any]:
    return {"schemas": [CORE], "userName": name, **more}


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": list(operations)}


CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
WORK = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
OURS = "urn:ietf:params:scim:schemas:extension:bursar:2.0:User"


def made(house: Served, name: str, /, **more: Any) -> dict[str, Any]:
    answer = ask(house, "POST", "/Users", user(name, **more))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refused(answer: Any, status: int, scim_type: str = "") -> str:
    """Every refusal is an error of the protocol; its sentence."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/scim+json")
    body = answer.json()
    assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert (body["status"], body.get("scimType", "")) == (str(status), scim_type)
    assert "Traceback" not in body["detail"]
    return str(body["detail"])


def test_a_new_colleague_is_on_the_roster_with_everything_that_the_directory_knows(house: Served) -> None:
    mia = house.desk.person("mia")["id"]
    found = made(
        house,
        "Nia.New@example.com",
        externalId="e-1",
        name={"givenName": "Nia", "familyName": "New"},
        emails=[{"value": "private@example.org", "type": "home"}, {"value": "Nia.New@example.com", "type": "work"}],
        title="backend",
        timezone="Europe/Lisbon",
        phoneNumbers=[{"value": "+1"}],  # a roster has no place for it: left aside
        **{WORK: {"department": "core", "costCenter": "77", "manager": {"value": mia}},
           OURS: {"level": "L5", "jobFamily": "engineering", "hireDate": "2026-01-05", "location": "Lisbon"}},
    )  # fmt: skip
    row = house.desk.person("nia.new@example.com")
    assert (row["handle"], row["name"], row["team"], row["role"]) == ("nia.new", "Nia New", "core", "backend")
    assert (row["zone"], row["level"], row["job_family"]) == ("Europe/Lisbon", "L5", "engineering")
    assert (row["hire_date"], row["location"], row["manager"]) == ("2026-01-05", "Lisbon", "mia")
    assert found["id"] == row["id"]
    assert found[WORK]["manager"]["$ref"].endswith(f"/scim/v2/Users/{mia}")
    assert (found[WORK]["costCenter"], found["active"]) == ("77", True)
    assert found["name"] == {"givenName": "Nia", "familyName": "New"}
    assert "phoneNumbers" not in found
    page = house.page("cora", "GET", f"/people/{row['handle']}").text
    assert "your directory, as Nia.New@example.com" in page
    assert "your directory" not in house.page("cora", "GET", "/people/ada").text


def test_somebody_who_was_on_the_roster_before_is_found_by_address_or_handle_and_taken_over(house: Served) -> None:
    house.desk.add_person("old", name="Old Hand", email="old@example.com", team="core", level="L4")
    found = ask(house, "GET", "/Users?filter=userName+eq+%22OLD%40example.com%22").json()
    assert found["totalResults"] == 1
    (one,) = found["Resources"]
    assert (one["displayName"], one[WORK], one[OURS]) == ("Old Hand", {"department": "core"}, {"level": "L4"})
    assert "somebody else is called" in refused(
        ask(house, "POST", "/Users", user("old@example.com")), 409, "uniqueness"
    )
    # A directory that knows no levels does not erase them: it never spoke of them.
    answer = ask(house, "PUT", f"/Users/{one['id']}", user("old@example.com", displayName="Old Hand", externalId="e-2"))
    assert answer.status_code == 200
    assert house.desk.person("old")["level"] == "L4"
    assert ask(house, "GET", '/Users?filter=externalId eq "e-2" and active eq true').json()["totalResults"] == 1
    # What it did speak of, and speaks of no more, is gone.
    ask(house, "PUT", f"/Users/{one['id']}", user("old@example.com"))
    assert house.desk.person("old")["name"] == ""


def test_a_change_by_hand_is_what_the_directory_reads(house: Served) -> None:
    one = made(house, "hand@example.com", displayName="Before", title="backend")
    house.desk.change_person(one["id"], name="After", role="frontend")
    seen = ask(house, "GET", f"/Users/{one['id']}").json()
    assert (seen["displayName"], seen["title"]) == ("After", "frontend")


def test_deactivating_runs_the_terms_for_leaving_and_activating_lets_somebody_come_back(house: Served) -> None:
    one = made(house, "leaver@example.com", timezone="Pacific/Auckland")
    given = promises.give(house.desk, one["id"], "stipend")
    # As Microsoft Entra writes it.
    answer = ask(house, "PATCH", f"/Users/{one['id']}", patch({"op": "Replace", "path": "active", "value": "False"}))
    assert answer.json()["active"] is False
    row = house.desk.person(one["id"])
    assert row["leave_date"] == datetime.now(ZoneInfo("Pacific/Auckland")).date().isoformat()
    with reading(house.desk.engine) as connection:
        (grant,) = grants.listed(connection, ids=[given["grant"]])
        lines = [one["action"] for one in audit.lines(connection, subject=row["id"])]
        who = audit.lines(connection, subject=row["id"])[0]["actor"]
    assert (grant.history.end_kind, "person.leave" in lines) == ("left", True)
    assert who.startswith("acc_own by token:")
    assert (
        ask(house, "GET", '/Users?filter=userName eq "leaver@example.com" and active eq false').json()["totalResults"]
        == 1
    )
    back = ask(house, "PATCH", f"/Users/{one['id']}", patch({"op": "replace", "value": {"active": True}}))
    assert back.json()["active"] is True
    assert house.desk.person(one["id"])["leave_date"] == ""


def test_who_is_suspended_stays_so_when_the_directory_only_repeats_itself(house: Served) -> None:
    one = made(house, "paused@example.com")
    house.desk.set_person_state(one["id"], "suspended")
    ask(house, "PUT", f"/Users/{one['id']}", user("paused@example.com", active=True))
    assert house.desk.person(one["id"])["status"] == "suspended"


def test_a_name_that_is_given_to_somebody_new_hands_them_nothing_of_who_had_it(house: Served) -> None:
    one = made(house, "again@example.com", externalId="e-7")
    assert ask(house, "DELETE", f"/Users/{one['id']}").status_code == 204
    assert house.desk.person(one["id"])["leave_date"]
    refused(ask(house, "GET", f"/Users/{one['id']}"), 404)
    refused(ask(house, "DELETE", f"/Users/{one['id']}"), 404)
    refused(ask(house, "POST", "/Users", user("again@example.com")), 409, "uniqueness")
    refused(ask(house, "POST", "/Users", user("again@example.com", externalId="e-8")), 409, "uniqueness")
    back = made(house, "again@example.com", externalId="e-7")
    assert (back["id"], back["active"]) == (one["id"], True)


def test_managers_in_a_ring_and_managers_who_are_nobody_are_refused_with_the_reason(house: Served) -> None:
    ida, ivo = made(house, "ida@example.com"), made(house, "ivo@example.com")
    above = {"op": "add", "path": f"{WORK}:manager", "value": {"value": ida["id"]}}
    assert ask(house, "PATCH", f"/Users/{ivo['id']}", patch(above)).status_code == 200
    ring = patch({"op": "add", "path": f"{WORK}:manager", "value": {"value": ivo["id"]}})
    assert "no ring of managers" in refused(ask(house, "PATCH", f"/Users/{ida['id']}", ring), 400, "invalidValue")
    nobody = patch({"op": "add", "path": f"{WORK}:manager", "value": {"value": "per_none"}})
    assert "the id of a user" in refused(ask(house, "PATCH", f"/Users/{ida['id']}", nobody), 400, "invalidValue")
    assert house.desk.person("ida")["manager"] == ""


def test_two_people_whose_addresses_begin_alike_get_two_handles(house: Served) -> None:
    one, other = made(house, "sam@example.com"), made(house, "sam@example.org")
    handles = [house.desk.person(each["id"])["handle"] for each in (one, other)]
    assert handles == ["sam", "sam-2"]
    assert house.desk.person(made(house, "Ωμέγα@@")["id"])["handle"] == "person"


def test_a_version_that_was_read_before_somebody_else_changed_it_changes_nothing(house: Served) -> None:
    one = made(house, "tag@example.com")
    read = ask(house, "GET", f"/Users/{one['id']}")
    assert read.headers["etag"] == read.json()["meta"]["version"]
    assert ask(house, "GET", f"/Users/{one['id']}", **{"If-None-Match": read.headers["etag"]}).status_code == 304
    house.desk.change_person(one["id"], name="Meanwhile")
    stale = {"If-Match": read.headers["etag"]}
    for method, body in (("PUT", user("tag@example.com")), ("DELETE", None)):
        refused(ask(house, method, f"/Users/{one['id']}", body, **stale), 412)
    refused(ask(house, "PATCH", f"/Users/{one['id']}", patch({"op": "remove", "path": "title"}), **stale), 412)
    assert house.desk.person(one["id"])["name"] == "Meanwhile"


def test_a_list_comes_in_pages_of_which_none_overlaps(house: Served) -> None:
    for number in range(5):
        made(house, f"page{number}@example.com")
    total = ask(house, "GET", "/Users?count=0").json()
    assert (total["totalResults"] >= 5, total["itemsPerPage"], total.get("Resources", [])) == (True, 0, [])
    seen: list[str] = []
    for start in range(1, total["totalResults"] + 1, 4):
        page = ask(house, "GET", f"/Users?startIndex={start}&count=4&attributes=userName").json()
        seen += [one["userName"] for one in page["Resources"]]
    assert len(seen) == len(set(seen)) == total["totalResults"]
    beyond = ask(house, "GET", "/Users?startIndex=100000").json()
    assert (beyond["itemsPerPage"], beyond["totalResults"]) == (0, total["totalResults"])
    assert ask(house, "GET", "/Users?startIndex=-3&count=1").json()["itemsPerPage"] == 1


@pytest.mark.parametrize(
    "filter_",
    ['title eq "x"', "userName pr", 'userName co "a"', 'not (userName eq "a")', 'userName eq "a" or userName eq "b"',
     'userName eq 5', "active eq 1", 'userName eq "a" and userName eq "b"', "userName eq", "((((", 'shoe eq "9"',
     " and ".join(['userName eq "a"'] * 6)],
)  # fmt: skip
def test_a_filter_that_is_not_answered_is_refused_and_never_answered_wrongly(house: Served, filter_: str) -> None:
    answer = house.client.get(
        f"{house.url}{PREFIX}/Users",
        params={"filter": filter_},
        headers={"Authorization": f"Bearer {house.tokens['directory']}"},
    )
    refused(answer, 400, "invalidFilter")


@pytest.mark.parametrize(
    ("body", "scim_type"),
    [
        ({"schemas": [CORE]}, "invalidValue"),
        (user(""), "invalidValue"),
        (user("x" * 201), "invalidValue"),
        (user("a\nb"), "invalidValue"),
        (user("bad1@x.org", timezone="Mars/Olympus"), "invalidValue"),
        (user("bad2@x.org", emails=[{"value": "no address"}]), "invalidValue"),
        (user("bad3@x.org", emails=[{"value": "a@x.org", "primary": True}, {"value": "b@x.org", "primary": True}]), "invalidValue"),
        (user("bad4@x.org", **{OURS: {"hireDate": "2026-02-30"}}), "invalidValue"),
        (user("bad5@x.org", displayName=["x"]), "invalidValue"),
        (user("bad6@x.org", displayName="x" * 201), "invalidValue"),
        (user("bad7@x.org", displayName="a\x00b"), "invalidValue"),
        (user("bad8@x.org", externalId="x" * 201), "invalidValue"),
        (user("bad9@x.org", active="perhaps"), "invalidValue"),
        ([user("list@x.org")], "invalidSyntax"),
        ({"a": {"b": [[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]}}, "invalidSyntax"),
    ],
)  # fmt: skip
def test_a_user_that_cannot_be_is_refused_with_its_reason_and_leaves_nobody(
    house: Served, body: Any, scim_type: str
) -> None:
    before = len(house.desk.people())
    refused(ask(house, "POST", "/Users", body), 400, scim_type)
    assert len(house.desk.people()) == before


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "remove"}, "noTarget"),
        ({"op": "remove", "path": "userName"}, "mutability"),
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
        ({"op": "replace", "path": "emails[type eq", "value": "x"}, "invalidPath"),
        ({"op": "explode", "path": "title", "value": "x"}, "invalidValue"),
        ({"op": "add", "path": "title"}, "invalidValue"),
        ({"op": "add", "path": "timezone", "value": "Nowhere"}, "invalidValue"),
    ],
)
def test_a_patch_of_which_one_part_is_wrong_changes_nothing(
    house: Served, operation: dict[str, Any], scim_type: str
) -> None:
    one = made(house, f"patch{abs(hash(str(operation)))}@example.com", title="before")
    body = patch({"op": "replace", "path": "title", "value": "after"}, operation)
    answer = ask(house, "PATCH", f"/Users/{one['id']}", body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["scimType"] == scim_type
    assert house.desk.person(one["id"])["role"] == "before"


def test_bodies_that_are_none_and_bodies_that_are_too_much_are_refused(house: Served) -> None:
    token = {"Authorization": f"Bearer {house.tokens['directory']}", "Content-Type": "application/scim+json"}
    url = f"{house.url}{PREFIX}/Users"
    for content in (b"", b"{", b"\xff\xfe", b"[" * 5_000, b'"text"', b"null"):
        refused(house.client.post(url, content=content, headers=token), 400, "invalidSyntax")
    refused(house.client.post(url, content=b"{" + b" " * 300_000, headers=token), 413)
    refused(house.client.post(url, content=b"a=b", headers={**token, "Content-Type": "text/plain"}), 415)
    many = patch(*[{"op": "replace", "path": "title", "value": "x"}] * 101)
    one = made(house, "many@example.com")
    refused(ask(house, "PATCH", f"/Users/{one['id']}", many), 400, "invalidValue")
    refused(ask(house, "GET", "/Users?count=many"), 400, "invalidValue")
    refused(ask(house, "GET", "/Schemas?filter=a"), 403)
    refused(ask(house, "GET", "/Groups"), 404)


def test_of_two_who_are_created_under_one_name_at_once_one_is(house: Served) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: ask(house, "POST", "/Users", user("twin@example.com")), range(6)))
    assert sorted(one.status_code for one in answers) == [201, *[409] * 5]
    for one in answers:
        if one.status_code == 409:
            refused(one, 409, "uniqueness")
    address = [{"value": "twin.address@example.com"}]
    made(house, "first-with-address", emails=address)
    refused(ask(house, "POST", "/Users", user("second-with-address", emails=address)), 409, "uniqueness")


def test_patches_that_arrive_together_are_all_there_in_the_end(house: Served) -> None:
    one = made(house, "together@example.com")
    changes = {"title": "a", "timezone": "Asia/Tokyo", f"{WORK}:costCenter": "7", f"{OURS}:level": "L4"}
    with ThreadPoolExecutor(4) as pool:
        sent = [patch({"op": "add", "path": path, "value": value}) for path, value in changes.items()]
        answers = list(pool.map(lambda body: ask(house, "PATCH", f"/Users/{one['id']}", body), sent))
    assert [answer.status_code for answer in answers] == [200] * 4
    seen = ask(house, "GET", f"/Users/{one['id']}").json()
    assert (seen["title"], seen["timezone"], seen[WORK]["costCenter"], seen[OURS]["level"]) == (
        "a",
        "Asia/Tokyo",
        "7",
        "L4",
    )


def test_only_a_token_with_the_scope_comes_in_and_nothing_else_is_open_to_it(house: Served) -> None:
    # Who is of another organisation is known here in a file; PostgreSQL hides even that.
    stranger = 401 if house.desk.engine.dialect.name == "postgresql" else 404
    for login, status in {"": 401, "eve": stranger, **dict.fromkeys(("ada", "mia", "fin", "plat", "aud"), 403)}.items():
        refused(ask(house, "GET", "/Users", login=login), status)
    assert ask(house, "GET", "/Users", login="cora").status_code == 200
    house.tokens["narrow"] = token_of(house.desk, "acc_own", "person.change")
    refused(ask(house, "GET", "/Users", login="narrow"), 403)
    for bad in ("", "bur_api_x", "Basic abc", "Bearer " + "x" * 500):
        refused(house.client.get(f"{house.url}{PREFIX}/Users", headers={"Authorization": bad}), 401)
    cookie = {"Cookie": f"bursar={house.cookies['own']}"}
    refused(house.client.get(f"{house.url}{PREFIX}/Users", headers=cookie), 401)
    assert house.get("directory", "/people").status_code == 403


def test_nobody_changes_their_own_record_through_a_directory(house: Served) -> None:
    house.tokens["self"] = token_of(house.desk, "acc_cora", "roster.provision")
    cora = house.desk.person("cora")["id"]
    refused(ask(house, "PUT", f"/Users/{cora}", user("cora", **{OURS: {"level": "L9"}}), login="self"), 403)
    refused(ask(house, "DELETE", f"/Users/{cora}", login="self"), 403)
    assert house.desk.person("cora")["level"] == ""


def test_people_of_another_organisation_are_not_there(house: Served) -> None:
    refused(ask(house, "GET", "/Users/per_eve"), 404)
    assert ask(house, "GET", '/Users?filter=userName eq "eve"').json()["totalResults"] == 0


# Whatever is sent.

ODD = st.sampled_from(
    [
        "",
        "a",
        True,
        False,
        None,
        0,
        -1,
        1e308,
        "x" * 300,
        "\x00",
        "\ud800",
        "UTC",
        "work",
        "per_1",
        10**30,
        "Ω",
        "False",
    ]
)
NAMES = st.sampled_from(
    ["userName", "displayName", "name", "title", "timezone", "active", "emails", "externalId", WORK, OURS, "schemas", "id",
     "meta", "password", "name.formatted", "emails.value", 'emails[type eq "work"].value', f"{WORK}:manager",
     f"{WORK}:manager.value", f"{OURS}:hireDate", "USERNAME", "", "urn:", f"{CORE}:title", "emails[", "name.", "a" * 3_000]
)  # fmt: skip
INNER = st.sampled_from(
    ["value", "type", "primary", "formatted", "givenName", "manager", "level", "hireDate", "$ref", "x"]
)
VALUES = st.recursive(
    ODD, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(INNER, inner, max_size=4), max_leaves=6
)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "replace", "remove", "Replace", "move", 1])},
    optional={"path": NAMES | ODD, "value": VALUES},
)


@settings(max_examples=300 if NIGHTLY else 5)
@given(st.dictionaries(NAMES, VALUES, max_size=5), st.lists(OPERATIONS, max_size=3), st.booleans())
def test_whatever_is_sent_is_answered_in_the_protocols_words_and_never_by_a_fault_of_ours(
    house: Served, body: dict[str, Any], operations: list[dict[str, Any]], whole: bool
) -> None:
    one = ask(house, "GET", "/Users?filter=userName+eq+%22odd%40example.com%22").json()
    target = one["Resources"][0]["id"] if one["totalResults"] else made(house, "odd@example.com")["id"]
    described = {"schemas": [CORE], "userName": "odd@example.com", **body} if whole else body
    sent = [("POST", "/Users", body), ("PUT", f"/Users/{target}", described)]
    sent += [("PATCH", f"/Users/{target}", patch(*operations)), ("POST", "/.search", body)]
    for method, path, document in sent:
        answer = house.client.request(
            method,
            f"{house.url}{PREFIX}{path}",
            content=json.dumps(document),
            headers={"Authorization": f"Bearer {house.tokens['directory']}", "Content-Type": "application/scim+json"},
        )
        assert answer.status_code < 500, (method, document)
        if answer.status_code >= 400:
            assert answer.json()["status"] == str(answer.status_code)


def test_a_page_that_nobody_can_be_on_is_empty(house: Served) -> None:
    found = ask(house, "GET", f"/Users?startIndex={10**20}").json()
    assert (found["itemsPerPage"], found.get("Resources", [])) == (0, [])
