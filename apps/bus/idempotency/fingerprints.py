"""Fingerprints of commands: two requests with one key are the same request only with the same fingerprint."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

from apps.bus.commands import Command
from apps.kernel.plain import to_plain


def fingerprint_of(command: Any) -> str:
    """SHA-256 of the command and all its fields except secrets."""
    return _hashed([command.command_name(), to_plain(command)])


def fact_of(command: Command) -> str:
    """SHA-256 of the fields in `fact`, with normalised decimals: 2.0 equals 2.00."""
    values = {name: value for name, value in to_plain(command).items() if name in command.fact}
    for name in command.fact:
        if isinstance(value := getattr(command, name), Decimal):
            values[name] = format(value.normalize(), "f")
    return _hashed([command.command_name(), values])


def _hashed(values: Any) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
