"""Faults of the keys of this process. All are reported at once."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from pydantic import SecretStr

from apps.kernel.secrets import parsed_key
from config.env.variables import Environment

from .kinds import Kind
from .table import EVERY, KEYS, Key

log = logging.getLogger(__name__)


def refuse_wrong_keys(
    environment: Environment, kinds: Collection[Kind], *, strict: bool, required: Collection[str] = ()
) -> None:
    """Raises one ImproperlyConfigured with all faults. `required` are variables that are no keys.

    Production is strict: it refuses keys that the process must not hold, and weak ones. Otherwise the former are
    logged, and the latter are the keys of development.
    """
    unset = [name.upper() for name in required if name not in environment.model_fields_set]
    missing, surplus = missing_keys(environment, kinds), surplus_keys(environment, kinds)
    process = ", ".join(sorted(kind.words for kind in kinds)) or "any"
    faults = [f"set {', '.join(unset)}"] if unset else []
    if missing:
        faults.append(f"this process ({process}) needs {', '.join(missing)}")
    if surplus and not strict:
        log.warning("This process (%s) should not hold %s: docs/keys.md.", process, ", ".join(surplus))
    if surplus and strict:
        faults.append(f"this process ({process}) must not hold {', '.join(surplus)}")
    if strict:
        faults += [*wrong_forms(environment), *shared_values(environment)]
    if faults:
        raise ImproperlyConfigured(f"Bursar cannot start: {'; '.join(faults)}. See docs/keys.md.")


def missing_keys(environment: Environment, kinds: Collection[Kind]) -> list[str]:
    """A process that has not declared its kind needs only what every process needs."""
    return [
        key.name
        for key in KEYS
        if (key.needed_by & {*kinds} or (not kinds and key.needed_by == EVERY))
        and not _held(environment, key)
    ]


def surplus_keys(environment: Environment, kinds: Collection[Kind]) -> list[str]:
    return [key.name for key in KEYS if kinds and key.holders.isdisjoint(kinds) and _held(environment, key)]


def wrong_forms(environment: Environment) -> Iterator[str]:
    for key in KEYS:
        yield from (f"{key.name} {fault}" for fault in key.form(_held(environment, key)))


def shared_values(environment: Environment) -> Iterator[str]:
    """A key with two uses cannot be rotated or withheld by itself."""
    names: dict[object, list[str]] = defaultdict(list)
    for key in KEYS:
        if key.variable != "broker_url":  # may be REDIS_URL
            for value in {_identity(text) for text in _held(environment, key)}:
                names[value].append(key.name)
    yield from (f"{' and '.join(users)} have the same value" for users in names.values() if len(users) > 1)


def _identity(text: str) -> object:
    """A key under another id is the same key."""
    parsed = parsed_key(text)
    return parsed[1] if parsed else text


def _held(environment: Environment, key: Key) -> tuple[str, ...]:
    """The values of the variable; none if it is not set."""
    value: Any = getattr(environment, key.variable)
    values = value if isinstance(value, tuple) else (value,)
    texts = (item.get_secret_value() if isinstance(item, SecretStr) else item for item in values)
    return tuple(text for text in texts if text)
