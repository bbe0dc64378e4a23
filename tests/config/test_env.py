"""The environment is read once, and an error in it is reported in one sentence."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import env, for_child, put


@pytest.fixture(autouse=True)
def env_is_read_again() -> Iterator[None]:
    env.cache_clear()
    yield
    env.cache_clear()


def test_names_every_value_it_cannot_read_and_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "eight")
    monkeypatch.setenv("CHROMIUM", "/opt/chromium")

    with pytest.raises(ImproperlyConfigured) as refusal:
        env()

    assert "PORT: " in str(refusal.value)
    assert "CHROMIUM" not in str(refusal.value)
    assert "eight" not in str(refusal.value)


def test_the_public_address_follows_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PUBLIC_URL", raising=False)
    monkeypatch.setenv("PORT", "8123")

    assert env().public_url == "http://localhost:8123"


def test_a_list_is_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXTRA_HOSTS", "a.example, b.example,")

    assert env().extra_hosts == ("a.example", "b.example")


def test_feature_flags_are_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_FLAG_FIXED_ASSETS", "On")
    monkeypatch.setenv("FEATURE_FLAG_PAYROLL", "0")

    flags = env().feature_flags

    assert flags["fixed-assets"] is True
    assert flags["payroll"] is False


def test_a_flag_neither_on_nor_off_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_FLAG_PAYROLL", "maybe")

    with pytest.raises(ImproperlyConfigured, match="FEATURE_FLAG_PAYROLL=maybe"):
        env()


@pytest.mark.parametrize(("written", "meant"), [("true", True), ("drone", True), ("0", False)])
def test_any_name_of_a_server_means_continuous_integration(
    monkeypatch: pytest.MonkeyPatch, written: str, meant: bool
) -> None:
    monkeypatch.setenv("CI", written)

    assert env().ci is meant


def test_passwords_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://bursar_app:opensesame@127.0.0.1/bursar")
    monkeypatch.setenv("SECRET_KEY", "opensesame")

    assert "opensesame" not in repr(env())


def test_a_variable_that_was_put_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://before")

    put(redis_url="redis://after")

    assert env().redis_url == "redis://after"


def test_a_child_process_gets_no_withheld_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://bursar_owner@127.0.0.1/bursar")

    environment = for_child(without={"DATABASE_OWNER_URL"}, PORT="8123")

    assert "DATABASE_OWNER_URL" not in environment
    assert environment["PORT"] == "8123"
