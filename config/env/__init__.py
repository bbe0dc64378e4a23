"""The environment of the process. No other code reads `os.environ`.

`env()` reads it once. To change it, call `put()`: the next `env()` then reads again.

variables  every variable, with type, default and meaning
parsing    how text becomes a value
files      values from files: SECRET_KEY_FILE=/run/secrets/secret_key
example    the generator of .env.example
"""

from __future__ import annotations

import os
from collections.abc import Collection
from functools import lru_cache

from django.core.exceptions import ImproperlyConfigured
from pydantic import ValidationError

from .files import FILE_SUFFIX, values_from_files
from .variables import Environment


@lru_cache(maxsize=1)
def env() -> Environment:
    """The environment. Raises one ImproperlyConfigured that names every invalid variable."""
    from_files = values_from_files(os.environ, Environment.model_fields)
    try:
        return Environment(**from_files)
    except ValidationError as error:
        raise ImproperlyConfigured(f"The environment is not usable: {_reasons(error)}.") from None


def _reasons(error: ValidationError) -> str:
    """Names and reasons without values, which may be secrets."""
    details = error.errors(include_input=False, include_url=False)
    return "; ".join(
        f"{str(detail['loc'][0]).upper()}: {detail['msg']}"
        for detail in details
        if detail["type"] != "default_factory_not_called"  # follows from another invalid variable
    )


def put(**variables: str) -> None:
    """Sets variables, written by field name, for this process and its children."""
    values = {name.upper(): value for name, value in variables.items()}
    for name in values:
        os.environ.pop(name + FILE_SUFFIX, None)
    os.environ.update(values)
    env.cache_clear()


def for_child(*, without: Collection[str] = (), **variables: str) -> dict[str, str]:
    """The environment of a child process: that of this process without the given variables and their files."""
    withheld = {*without, *(name + FILE_SUFFIX for name in (*without, *variables))}
    inherited = {name: value for name, value in os.environ.items() if name not in withheld}
    return inherited | variables
