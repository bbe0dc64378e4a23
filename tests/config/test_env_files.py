"""Secrets from files: NAME_FILE=/run/secrets/name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import env, for_child, put


@pytest.fixture(autouse=True)
def env_is_read_again() -> Iterator[None]:
    env.cache_clear()
    yield
    env.cache_clear()


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of SECRET_KEY."""
    path = tmp_path / "secret_key"
    path.write_text("opensesame\n")
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.setenv("SECRET_KEY_FILE", str(path))
    return path


def test_a_secret_is_read_from_its_file_without_the_line_break(secret: Path) -> None:
    assert env().secret_key.get_secret_value() == "opensesame"


def test_a_list_of_keys_is_read_from_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keys").write_text("new:abc, old:def\n")
    monkeypatch.delenv("FIELD_KEYS", raising=False)
    monkeypatch.setenv("FIELD_KEYS_FILE", str(tmp_path / "keys"))

    assert [key.get_secret_value() for key in env().field_keys] == ["new:abc", "old:def"]


def test_an_empty_name_of_a_file_counts_as_not_set(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY_FILE", "")

    assert env().secret_key.get_secret_value() == ""


@pytest.mark.parametrize(
    ("content", "fault"), [(None, "cannot be read"), (b"\n", "is empty"), (b"\xff", "cannot be read")]
)
def test_a_file_without_a_value_is_refused_by_name(secret: Path, content: bytes | None, fault: str) -> None:
    secret.unlink()
    if content is not None:
        secret.write_bytes(content)

    with pytest.raises(ImproperlyConfigured, match=rf"SECRET_KEY_FILE: {secret} {fault}"):
        env()


def test_a_value_beside_a_file_is_refused(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "other")

    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY and SECRET_KEY_FILE are both set") as refusal:
        env()

    assert "opensesame" not in str(refusal.value)


def test_all_faults_are_named_at_once(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret.unlink()
    monkeypatch.setenv("FIELD_KEYS_FILE", "/missing")

    with pytest.raises(ImproperlyConfigured, match=r"SECRET_KEY_FILE.*FIELD_KEYS_FILE"):
        env()


def test_a_variable_that_was_put_replaces_its_file(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "")  # restored after the test

    put(secret_key="from the test")

    assert env().secret_key.get_secret_value() == "from the test"
    assert "SECRET_KEY_FILE" not in os.environ


def test_a_child_process_gets_no_file_of_a_withheld_or_given_variable(
    secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL_FILE", "/run/secrets/owner")

    environment = for_child(without={"DATABASE_OWNER_URL"}, SECRET_KEY="given")

    assert not {"DATABASE_OWNER_URL_FILE", "SECRET_KEY_FILE"} & environment.keys()
