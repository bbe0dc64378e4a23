"""Production accepts strong keys only."""

from __future__ import annotations

import secrets
import string

import pytest

from config.keys import development, forms
from config.keys.kinds import Kind
from tests.support.keys import held, key, of_bytes, random_bytes, refusal_of, url_of

pytestmark = pytest.mark.usefixtures("empty_environment")


@pytest.mark.parametrize("name", ["field_keys", "audit_keys", "token_keys"])
@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("nonsense", "key 1 is malformed"),
        ("one:short", "key 1 is malformed"),
        (of_bytes(random_bytes(16)), "key 1 is malformed"),
        (of_bytes(random_bytes(32)).removeprefix("one"), "key 1 is malformed"),
        (of_bytes(bytes(32)), "key 1 is not random"),
        (of_bytes(bytes(range(100, 132))), "key 1 is not random"),
        (of_bytes(random_bytes(16) * 2), "key 1 is not random"),
        (of_bytes(b"correct horse battery staple 123"), "key 1 is not random"),
        (development.KEY, "key 1 is published"),
        (f"{of_bytes(random_bytes(32))},{development.KEY}", "key 2 is published"),
        (f"{of_bytes(random_bytes(32))},{of_bytes(random_bytes(33)[1:])}", "several keys have the id one"),
    ],
)
def test_a_weak_key_is_refused_also_behind_a_strong_one(name: str, written: str, fault: str) -> None:
    text = refusal_of(held(Kind.OPERATOR, **{name: written}), [Kind.OPERATOR])

    assert f"{name.upper()} {fault}" in text
    assert written.split(":")[-1] not in text


@pytest.mark.parametrize("name", ["secret_key", "secret_key_fallbacks"])
@pytest.mark.parametrize(
    ("written", "fault"),
    [
        (random_bytes(20).hex(), "has 40 characters, and needs 50"),
        ("x" * 50, "is not random"),
        ("correct horse battery staple; " * 2, "is not random"),
        (string.ascii_letters, "is not random"),
        (development.SECRET_KEY, "is published"),
        ("django-insecure-" + random_bytes(25).hex(), "is published"),
    ],
)
def test_a_weak_secret_key_is_refused_also_as_a_fallback(name: str, written: str, fault: str) -> None:
    text = refusal_of(held(Kind.WEB, **{name: written}), [Kind.WEB])

    assert fault in text
    assert written.strip() not in text


@pytest.mark.parametrize(
    ("name", "written", "fault"),
    [
        ("metrics_token", "scrape", "METRICS_TOKEN has 6 characters, and needs 32"),
        ("metrics_token", "scrape" * 6, "METRICS_TOKEN is not random"),
        ("database_url", "db/bursar", "DATABASE_URL is malformed"),
        ("database_url", "postgresql://bursar_app:bursar@db/bursar", "DATABASE_URL has a password"),
        ("database_owner_url", "mysql://o:secret@db/b", "DATABASE_OWNER_URL is malformed"),
        ("database_shards", "east", "DATABASE_SHARDS is malformed"),
        ("database_shards", "east=postgresql://east:east@db/b", "DATABASE_SHARDS has a password"),
        ("redis_url", "redis://:redis@redis/0", "REDIS_URL has a password"),
        ("broker_url", "https://mq", "BROKER_URL is malformed"),
        ("email_url", "mail:587", "EMAIL_URL is malformed"),
    ],
)
def test_a_weak_credential_is_refused(name: str, written: str, fault: str) -> None:
    assert fault in refusal_of(held(Kind.OPERATOR, **{name: written}), [Kind.OPERATOR])


def test_a_key_with_two_uses_is_refused() -> None:
    shared = key("a")
    same = {"field_keys": shared, "token_keys": shared.replace("a:", "b:", 1)}
    owner = {"database_owner_url": url_of("bursar_app"), "database_url": url_of("bursar_app")}

    text = refusal_of(held(Kind.OPERATOR, **same, **owner), [Kind.OPERATOR])

    assert "FIELD_KEYS and TOKEN_KEYS have the same value" in text
    assert "DATABASE_URL and DATABASE_OWNER_URL have the same value" in text


def test_random_keys_are_accepted() -> None:
    assert [*forms.faults_of_key_list([key(f"k{number}") for number in range(500)])] == []
    hexadecimal = [secrets.token_hex(25) for _ in range(500)]
    assert [*forms.faults_of_secret_keys(hexadecimal)] == []
