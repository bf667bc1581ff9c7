"""Real clients against the gateway: they answer, and with nothing left each asks once and shows our sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import errors as genai_errors
from google.genai import types as genai_types
from tests.acceptance import clients
from tests.integration.test_limits import notes, under_plan
from tests.support.house import House, running_house

from bursar.office.granting import pools

pytestmark = [
    pytest.mark.xdist_group("clients"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
needs_claude = pytest.mark.skipif(not clients.installed("claude"), reason=f"Claude Code: {clients.HOW_TO_GET}")
needs_codex = pytest.mark.skipif(not clients.installed("codex"), reason=f"Codex: {clients.HOW_TO_GET}")
COMMANDS = [
    pytest.param(clients.claude, "/v1/messages", marks=needs_claude, id="claude"),
    pytest.param(clients.codex, "/v1/responses", marks=needs_codex, id="codex"),
]
GREETING = "Your compute arrives as promised"


@pytest.mark.parametrize(("command", "path"), COMMANDS)
async def test_a_real_client_answers_through_the_gateway(
    house: House, tmp_path: Path, command: Callable[..., Awaitable[clients.Said]], path: str
) -> None:
    said = await command(house.url, house.key, tmp_path / "client")
    assert said.code == 0, said.text
    assert GREETING in said.text
    assert house.spent() == house.billed() > 0
    assert {one["status"] for one in house.charges()} == {"exact"}
    house.assert_clean()


@pytest.mark.parametrize(("command", "path"), COMMANDS)
async def test_with_nothing_left_a_real_client_asks_once_and_shows_our_sentence(
    tmp_path: Path, command: Callable[..., Awaitable[clients.Said]], path: str
) -> None:
    async with running_house(tmp_path, grant="", ask_at="#budget") as house:
        said = await command(house.url, house.key, tmp_path / "client")
        assert "No allotment that covers this request is open" in said.text, said.text
        assert house.provider.bill.requests == 0
        assert house.gateway.billable_refusals == 1, said.text


SDK_CALLS = ["openai chat", "openai responses", "anthropic", "google"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("sdk", SDK_CALLS)
async def test_an_sdk_answers_through_the_gateway(house: House, sdk: str, stream: bool) -> None:
    text = await asyncio.to_thread(_ask, sdk, house.url, house.key, stream)
    assert GREETING in text
    assert house.spent() == house.billed() > 0
    house.assert_clean()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("sdk", SDK_CALLS)
async def test_with_nothing_left_an_sdk_asks_once_and_raises_our_sentence(
    tmp_path: Path, sdk: str, stream: bool
) -> None:
    async with running_house(tmp_path, grant="") as house:
        with pytest.raises((openai.RateLimitError, anthropic.RateLimitError, genai_errors.ClientError)) as caught:
            await asyncio.to_thread(_ask, sdk, house.url, house.key, stream)
        assert "No allotment that covers this request is open" in str(caught.value)
        assert house.gateway.refused == 1
        assert house.provider.bill.requests == 0


def _ask(sdk: str, url: str, key: str, stream: bool) -> str:
    """One question through an SDK as its documentation shows it; the answer's text."""
    if sdk == "anthropic":
        with anthropic.Anthropic(base_url=url, api_key=key) as client:
            asked: dict[str, Any] = {
                "model": "claude-haiku-4-5",
                "max_tokens": 500,
                "messages": [{"role": "user", "content": "hi"}],
            }
            if stream:
                with client.messages.stream(**asked) as events:
                    return "".join(events.text_stream)
            return client.messages.create(**asked).content[0].text
    if sdk == "google":
        client_options = genai_types.HttpOptions(base_url=url)
        client = genai.Client(api_key=key, http_options=client_options)
        try:
            if stream:
                chunks = client.models.generate_content_stream(model="gemini-2.5-flash", contents="hi")
                return "".join(chunk.text or "" for chunk in chunks)
            return client.models.generate_content(model="gemini-2.5-flash", contents="hi").text or ""
        finally:
            client.close()
    with openai.OpenAI(base_url=f"{url}/v1", api_key=key) as client:
        if sdk == "openai responses":
            if stream:
                events = client.responses.create(model="gpt-5-mini", input="hi", stream=True)
                return "".join(event.delta for event in events if event.type == "response.output_text.delta")
            return client.responses.create(model="gpt-5-mini", input="hi").output_text
        messages = [{"role": "user", "content": "hi"}]
        if stream:
            chunks = client.chat.completions.create(model="gpt-4o-mini", messages=messages, stream=True)
            return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        return client.chat.completions.create(model="gpt-4o-mini", messages=messages).choices[0].message.content


@needs_claude
async def test_a_real_client_goes_through_grace_pool_and_cheaper_model_and_is_stopped(tmp_path: Path) -> None:
    """Claude Code, run again and again until its plan says stop: the steps come in the plan's order."""
    async with running_house(tmp_path, grant="") as house:
        house.desk.change_person("ada", team="platform")
        cheaper = '{cheaper_model: {"claude-sonnet-*": claude-haiku-4-5, "claude-opus-*": claude-haiku-4-5}}'
        under_plan(house.desk, f'[{{grace: "$0.30"}}, {{pool: team}}, {cheaper}, stop]', amount="0.01")
        pools.fund(house.desk, "platform", "$0.30")
        await asyncio.sleep(0.6)
        asked = "hi [[standin output=3000]]"  # dear answers, so that a dozen runs see every step
        said = await clients.claude(house.url, house.key, tmp_path / "client", asked)
        runs = 1
        while said.code == 0 and runs < 30:
            said = await clients.claude(house.url, house.key, tmp_path / "client", asked)
            runs += 1
        assert "is used up" in said.text or "left of" in said.text, said.text
        order = [note.split(" ")[0] for note in notes(house) if note]
        assert list(dict.fromkeys(order)) == ["Grace", "from", "claude-haiku-4-5"], notes(house)
        assert house.spent() == house.billed()
        house.assert_clean()
