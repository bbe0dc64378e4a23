"""Extension points: attributes that the conditions of flags may name, and open periods."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

ATTRIBUTES: set[str] = {
    *("tenant", "tenant_slug", "plan", "company", "user", "email", "role", "roles", "system", "ip", "now")
}
"""The attributes of every evaluation. A condition on another one is refused, since it would never be true."""


def declare_attributes(*names: str) -> None:
    """Attributes that callers of an app add to the context of its flags."""
    ATTRIBUTES.update(names)


PeriodSource = Callable[[dt.date], str]
_sources: list[PeriodSource] = []


def open_period_source(source: PeriodSource) -> PeriodSource:
    """Registers a function that names the open fiscal period of a day in the current tenant; empty for none. A flag
    that guards postings does not change within it without an approval, in any environment."""
    _sources.append(source)
    return source


def open_period_on(day: dt.date) -> str:
    """In the current tenant; empty for none."""
    return next((name for source in _sources if (name := source(day))), "")
