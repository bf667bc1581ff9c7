"""Where settings come from, and how they refuse what makes no sense."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from bursar.errors import InvalidInput
from bursar.gateway.policy import Policy
from bursar.office.settings import Settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in [name for name in os.environ if name.upper().startswith("BURSAR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))


def test_without_anything_set_the_defaults_are_the_policys() -> None:
    settings = Settings()
    assert settings.policy() == Policy()
    assert (settings.host, settings.port) == ("127.0.0.1", 8787)
    assert settings.url == f"sqlite:///{Path.home()}/.local/share/bursar/bursar.db"


def test_every_choice_of_the_policy_can_be_set() -> None:
    assert {one.name for one in fields(Policy)} <= set(Settings.model_fields)


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_environment_wins_over_the_file_and_code_over_both(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bursar.toml").write_text("port = 1\nshare_divisor = 4\nnode = 'file'\n")
    monkeypatch.setenv("BURSAR_HOME", str(tmp_path))
    monkeypatch.setenv("BURSAR_PORT", "2")
    monkeypatch.setenv("BURSAR_NODE", "environment")
    settings = Settings(node="code")
    assert (settings.share_divisor, settings.port, settings.node) == (4, 2, "code")


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURSAR_HOME", "")
    monkeypatch.setenv("BURSAR_PORT", "")
    assert Settings().home == Path.home() / ".local/share/bursar"
    assert Settings().port == 8787


def test_a_file_in_the_working_folder_decides_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bursar.toml").write_text("port = 1\n")
    monkeypatch.chdir(tmp_path)
    assert Settings(home=tmp_path / "elsewhere").port == 8787


def test_a_path_is_a_database_too(tmp_path: Path) -> None:
    assert Settings(database_url=str(tmp_path / "a.db")).url == f"sqlite:///{tmp_path / 'a.db'}"
    assert Settings(database_url="postgresql://host/b").url == "postgresql://host/b"


def test_a_wrong_variable_is_named_as_it_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURSAR_PORT", "eighty")
    with pytest.raises(InvalidInput) as caught:
        Settings()
    assert (caught.value.field, caught.value.found) == ("BURSAR_PORT", "'eighty'")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", 65536),
        ("max_body_bytes", 0),
        ("max_connections", 0),
        ("hold_seconds", 0),
        ("share_divisor", 0),
        ("floor_output_tokens", 0),
        ("receipt_seconds", 0),
        ("drain_seconds", -1),
        ("unknown_model", "free"),
        ("hang_up", "ignore"),
        ("on_lapse", "nothing"),
        ("node", "../x"),
        ("ask_at", "x" * 501),
        ("receipt_seconds", float("nan")),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        Settings(**{name: value})
    assert caught.value.field == name


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("prot = 1\n", "prot"),
        ("home = '/x'\n", "BURSAR_HOME"),
        ("master_key = 'canary'\n", "BURSAR_MASTER_KEY"),
        ("port = \n", "TOML"),
        ("port = 1\n" + "#" * 70_000, "larger"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "bursar.toml").write_text(text)
    with pytest.raises(InvalidInput) as caught:
        Settings(home=tmp_path)
    assert word in f"{caught.value} {caught.value.hint}"
    assert "canary" not in f"{caught.value} {caught.value.hint}"


def test_settings_print_without_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURSAR_MASTER_KEY", "canary-master")
    monkeypatch.setenv("BURSAR_DATABASE_URL", "postgresql://bursar:canary-password@host/db")
    settings = Settings()
    assert "canary" not in f"{settings} {settings!r}"
    assert settings.master_key.get_secret_value() == "canary-master"


def test_notices_are_set_in_a_section_of_the_file_and_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bursar.toml").write_text(
        "[notify]\nsmtp_host = 'mail.example.org'\nsmtp_from = 'bursar@example.org'\nsmtp_port = 25\n"
    )
    monkeypatch.setenv("BURSAR_NOTIFY_SMTP_PORT", "2525")
    monkeypatch.setenv("BURSAR_NOTIFY_SMTP_PASSWORD", "canary-password")
    notify = Settings(home=tmp_path).notify
    assert (notify.smtp_host, notify.smtp_port, notify.smtp_security) == ("mail.example.org", 2525, "starttls")
    assert notify.smtp_password.get_secret_value() == "canary-password"
    assert "canary" not in f"{notify} {notify!r}"
    assert [name for name, field in type(notify).model_fields.items() if not field.description] == []


@pytest.mark.parametrize(
    "text",
    [
        "smtp_password = 'canary'",
        "webhook_secret = 'canary'",
        "slack_url = 'https://canary.example.org'",
        "smtp_pasword = 'canary'",
        "smtp_port = 0",
        "smtp_security = 'none'",
        "smtp_host = 'mail.example.org'",
        "smtp_host = 'mail.example.org'\nsmtp_from = 'nobody'",
        "smtp_host = 'mail.example.org'\nsmtp_from = 'a@b.org'\nsmtp_user = 'a'\nsmtp_security = 'plain'",
        "webhook_url = 'https://canary.example.org/in'",
        "webhook_url = 'http://canary.example.org/in'",
        "webhook_url = 'https://user:canary@example.org/in'",
        "webhook_url = 'file:///canary'",
        "webhook_url = 'https:///canary'",
        "webhook_url = 'https://canary.example.org:port/'",
        "timeout_seconds = 0",
        "timeout_seconds = 61",
    ],
)
def test_a_section_for_notices_that_cannot_be_meant_is_refused_without_its_secrets(tmp_path: Path, text: str) -> None:
    (tmp_path / "bursar.toml").write_text(f"[notify]\n{text}\n")
    with pytest.raises(InvalidInput) as caught:
        Settings(home=tmp_path)
    said = f"{caught.value} {caught.value.hint}"
    assert "notify" in said
    assert "canary" not in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BURSAR_NOTIFY", "canary"),
        ("BURSAR_NOTIFY", '{"smtp_password": "canary", "no_such_name": "canary"}'),
        ("BURSAR_NOTIFY_WEBHOOK_SECRET", "canary"),
        ("BURSAR_NOTIFY_SLACK_URL", "ftp://canary"),
    ],
)
def test_a_variable_for_notices_that_cannot_be_meant_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInput) as caught:
        Settings()
    assert name.lower() in str(caught.value).lower().replace("notify.", "bursar_notify_")
    assert "canary" not in f"{caught.value} {caught.value.hint}"
