"""Public names of classes and functions, stored in deliveries, permissions and idempotency keys and used by clients.

A name is derived from the app and the class, unless an explicit one is given. `tests/architecture/public_names.json`
records all names, so that a move or rename cannot change one unnoticed.
"""

from __future__ import annotations

import re
from typing import Any

NAME = re.compile(r"\A[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\Z")


def derived_name(declared: Any) -> str:
    """`ledger.post_entry`: the app of the class or function, and its own name in snake case."""
    return f"{app_of(declared)}.{re.sub(r'(?<!^)(?=[A-Z])', '_', declared.__name__).lower()}"


def explicit_name(name: str) -> str:
    """The given name, which may be empty. Raises TypeError when its form differs from that of a derived one."""
    if name and not NAME.match(name):
        raise TypeError(f"{name!r} is no public name: it has the form app.snake_case.")
    return name


def app_of(declared: Any) -> str:
    """The app (its folder) whose source declares the class or function."""
    app: str = declared.__module__.split(".")[1]
    return app
