"""A directory keeps the roster by SCIM, over a real socket."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server
from tests.support.api import Served, served, token_of

from bursar.scim import PREFIX


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("scim")) as found:
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
