"""What a key of production must be. Each function returns the faults of a variable, without its values."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import pairwise
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from apps.kernel.secrets import parsed_key
from config.databases import named

from .development import is_published

MIN_SECRET_KEY_CHARACTERS = 50
MIN_TOKEN_CHARACTERS = 32
MIN_PASSWORD_CHARACTERS = 12
MIN_ENTROPY_BITS = 100
"""Of the symbols of a value. The estimate of 32 random bytes is above 140."""


def faults_of_key_list(written: Collection[str]) -> Iterator[str]:
    """Of id:base64 of 32 random bytes, newest first."""
    parsed = [*map(parsed_key, written)]
    for position, key in enumerate(parsed, 1):
        if key is None:
            yield f'key {position} is malformed: write "id:base64 of 32 random bytes"'
        else:
            yield from (f"key {position} {fault}" for fault in _faults_of_key(key[1]))
    ids = [key[0] for key in parsed if key]
    if repeated := sorted(id for id, count in Counter(ids).items() if count > 1):
        yield f"several keys have the id {', '.join(repeated)}"
    if len({key[1] for key in parsed if key}) < len(ids):
        yield "one key is listed twice, under two ids"


def faults_of_secret_keys(written: Collection[str]) -> Iterator[str]:
    for position, value in enumerate(written, 1):
        name = f"key {position} " if len(written) > 1 else ""
        if is_published(value):
            yield f"{name}is published: it is for development only"
        elif len(value) < MIN_SECRET_KEY_CHARACTERS:
            yield f"{name}has {len(value)} characters, and needs {MIN_SECRET_KEY_CHARACTERS}"
        elif _is_predictable(value):
            yield f"{name}is not random"


def faults_of_token(written: Collection[str]) -> Iterator[str]:
    for value in written:
        if len(value) < MIN_TOKEN_CHARACTERS:
            yield f"has {len(value)} characters, and needs {MIN_TOKEN_CHARACTERS}"
        elif _is_predictable(value):
            yield "is not random"


def faults_of_database(written: Collection[str]) -> Iterator[str]:
    return _faults_of_urls(written, "postgresql", "postgres")


def faults_of_shards(written: Collection[str]) -> Iterator[str]:
    for value in written:
        try:
            addresses = named(value)
        except ImproperlyConfigured:
            yield "is malformed: write name=url,name=url"
        else:
            yield from faults_of_database(addresses.values())


def faults_of_redis(written: Collection[str]) -> Iterator[str]:
    return _faults_of_urls(written, "redis", "rediss", "redis+sentinel", "rediss+sentinel")


def faults_of_broker(written: Collection[str]) -> Iterator[str]:
    return _faults_of_urls(
        written, "redis", "rediss", "redis+sentinel", "rediss+sentinel", "amqp", "amqps", "pyamqp"
    )


def faults_of_mail(written: Collection[str]) -> Iterator[str]:
    """The provider chooses the length of the password."""
    for value in written:
        if urlsplit(value).scheme not in ("smtp", "smtps"):
            yield "is malformed: write smtp://user:password@host:port"


def faults_of_service(written: Collection[str]) -> Iterator[str]:
    """The service issues these, so their format is its own."""
    return (yield from ())


def _faults_of_key(key: bytes) -> Iterator[str]:
    if is_published(key):
        yield "is published: it is for development only"
    elif key.isascii() or _is_predictable(key):
        yield "is not random"


def _faults_of_urls(written: Collection[str], *schemes: str) -> Iterator[str]:
    """A URL without a password is valid: a certificate or the network may identify the process."""
    for value in written:
        parts = urlsplit(value)
        credentials, _, host = parts.netloc.rpartition("@")
        user, _, password = credentials.partition(":")
        if parts.scheme not in schemes or not host:
            yield f"is malformed: write {schemes[0]}://user:password@host:port/name"
        elif password and (len(unquote(password)) < MIN_PASSWORD_CHARACTERS or password == user):
            yield f"has a password with fewer than {MIN_PASSWORD_CHARACTERS} characters, or equal to the user name"


def _is_predictable(value: str | bytes) -> bool:
    """True for few different symbols, a sequence with a pattern of steps, and a part that repeats itself."""
    symbols = value if isinstance(value, bytes) else value.encode()
    steps = bytes((later - earlier) % 256 for earlier, later in pairwise(symbols))
    repeats = any(symbols.startswith(symbols[period:]) for period in range(1, (len(symbols) + 1) // 2 + 1))
    return repeats or min(_entropy_bits(symbols), _entropy_bits(steps)) < MIN_ENTROPY_BITS


def _entropy_bits(symbols: bytes) -> float:
    counts = Counter(symbols).values()
    return sum(count * math.log2(len(symbols) / count) for count in counts)
