"""Flags in tests.

with flags.override(NEW_SCREEN, True):
    assert client.get("/sales/orders/").status_code == 200
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from apps.flags.overrides import ACTIVE
from apps.kernel.features import DeclaredFlag


@contextmanager
def override(flag: DeclaredFlag[Any] | str, value: Any) -> Iterator[None]:
    """The flag serves the value inside the block, for every tenant and actor, in all threads. Nests; also a decorator.

    Raises TypeError for a value of another type than the declared one."""
    if isinstance(flag, DeclaredFlag) and type(value) is not flag.type:
        raise TypeError(f"The flag {flag.key} serves values of the type {flag.value_type}, not {value!r}.")
    key = flag.key if isinstance(flag, DeclaredFlag) else flag
    ACTIVE.setdefault(key, []).append(value)
    try:
        yield
    finally:
        ACTIVE[key].pop()
        if not ACTIVE[key]:
            del ACTIVE[key]
