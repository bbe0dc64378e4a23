"""Keys of a production, and the environment of a process with them."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Collection, Mapping
from random import Random

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env.variables import Environment
from config.keys.checks import refuse_wrong_keys
from config.keys.kinds import Kind
from config.keys.table import held_by

PASSWORD = "Zm9ydHktdHdvLXJhbmRvbQ"


def key(name: str = "one") -> str:
    return f"{name}:{b64encode(secrets.token_bytes(32)).decode()}"


def random_bytes(count: int) -> bytes:
    """The same in each process of the suite, since titles of tests contain them."""
    return Random(count).randbytes(count)


def of_bytes(content: bytes) -> str:
    return f"one:{b64encode(content).decode()}"


def url_of(role: str) -> str:
    return f"postgresql://{role}:{PASSWORD}{role}@db/bursar"


def all_keys() -> dict[str, str]:
    """A value of production for every key."""
    return {
        "secret_key": secrets.token_urlsafe(50),
        "secret_key_fallbacks": secrets.token_urlsafe(50),
        **{name: key() for name in ("field_keys", "audit_keys", "token_keys")},
        "metrics_token": secrets.token_urlsafe(32),
        "database_url": url_of("bursar_app"),
        "database_owner_url": url_of("bursar_owner"),
        "database_relay_url": url_of("bursar_relay"),
        "database_backup_url": url_of("bursar_backup"),
        "database_shards": "east=" + url_of("east_app"),
        "database_owner_shards": "east=" + url_of("east_owner"),
        "database_relay_shards": "east=" + url_of("east_relay"),
        "database_backup_shards": "east=" + url_of("east_backup"),
        "database_movers": "home=" + url_of("bursar_mover"),
        "redis_url": f"rediss://:{PASSWORD}@redis/0",
        "broker_url": f"rediss://:{PASSWORD}@redis/0",
        "email_url": "smtp://bursar:secret@mail:587",
        "flag_source_token": "a-token",
        "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "aws_session_token": "a-session",
    }


def held(kind: Kind, **changed: str) -> Environment:
    keys = {name: value for name, value in all_keys().items() if name in held_by(kind)}
    return environment(keys | changed)


def environment(values: Mapping[str, str]) -> Environment:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name.upper(), value)
        return Environment()


def refusal_of(
    values: Environment, kinds: Collection[Kind], *, strict: bool = True, required: Collection[str] = ()
) -> str:
    with pytest.raises(ImproperlyConfigured) as refusal:
        refuse_wrong_keys(values, kinds, strict=strict, required=required)
    return str(refusal.value)
