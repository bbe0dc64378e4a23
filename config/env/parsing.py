"""How the text of a variable becomes its value."""

from __future__ import annotations

import os
import re
from typing import Annotated

from django.core.exceptions import ImproperlyConfigured
from pydantic import BeforeValidator, SecretStr
from pydantic_settings import NoDecode

FLAG_PREFIX = "FEATURE_FLAG_"
FLAG_WORDS = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}


def _split(value: object) -> object:
    """Lists are comma-separated, not JSON."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


CommaSeparated = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Keys = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)]


def feature_flags() -> dict[str, bool]:
    """The global level of each feature flag in the environment: `FEATURE_FLAG_FIXED_ASSETS=off`."""
    flags = {
        name: value.strip().lower()
        for name, value in sorted(os.environ.items())
        if name.startswith(FLAG_PREFIX)
    }
    unclear = [f"{name}={value}" for name, value in flags.items() if value not in FLAG_WORDS]
    if unclear:
        raise ImproperlyConfigured(
            f"A feature flag is true, false, 1, 0, on or off, but the environment has {', '.join(unclear)}."
        )
    return {_flag_name(name): FLAG_WORDS[value] for name, value in flags.items()}


def _flag_name(variable: str) -> str:
    return variable.removeprefix(FLAG_PREFIX).lower().replace("_", "-")


def is_set(value: object) -> bool:
    """True for any value but a negative one: some continuous integration servers set CI to their own name."""
    return str(value).lower() not in {"false", "0", "off"}


def schema_prefix(value: str) -> str:
    """Only letters, since a number follows, and no prefix that is in use for other schemas."""
    reserved = ("spare_", "before_", "moved_", "restoring_", "bursar", "pg_")
    if not re.fullmatch(r"[a-z][a-z_]{1,29}", value) or value.startswith(reserved):
        raise ValueError(f"write 2 to 30 of a-z and _, and none of {', '.join(reserved)} as prefix")
    return value
