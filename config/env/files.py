"""Values from files, as Docker and Kubernetes mount secrets: SECRET_KEY_FILE=/run/secrets/secret_key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

FILE_SUFFIX = "_FILE"


def values_from_files(environ: Mapping[str, str], fields: Iterable[str]) -> dict[str, Any]:
    """The values of the fields with a variable NAME_FILE, as text.

    Raises one ImproperlyConfigured that names every variable whose file is missing, unreadable or empty, and every
    variable that is set in both ways.
    """
    values: dict[str, Any] = {}
    faults = []
    for field in fields:
        name = field.upper()
        if path := environ.get(name + FILE_SUFFIX):
            try:
                values[field] = _content(Path(path))
            except ValueError as fault:
                faults.append(f"{name}{FILE_SUFFIX}: {fault}")
            if environ.get(name):
                faults.append(f"{name} and {name}{FILE_SUFFIX} are both set")
    if faults:
        raise ImproperlyConfigured(f"The environment is not usable: {'; '.join(faults)}.")
    return values


def _content(path: Path) -> str:
    """Without the line break at the end. Raises ValueError, without content."""
    try:
        content = path.read_text().rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        raise ValueError(f"{path} cannot be read ({type(error).__name__})") from None
    if not content.strip():
        raise ValueError(f"{path} is empty")
    return content
