"""The sources of flags: the database of the platform, a file, or a server that speaks OFREP.

`FLAG_SOURCE` chooses: empty for the database, a path, or an address. Callers read through `apps.flags.queries`, so no
code depends on the source.
"""

from __future__ import annotations

from functools import cache
from typing import Protocol

from django.conf import settings

from apps.flags.store.served import SERVED, View
from apps.kernel.tenant import TenantInfo


class FlagProvider(Protocol):
    """A source of flags, for the current tenant."""

    def view(self) -> View:
        """From memory in the steady state. Raises errors only before anything was loaded."""

    def epoch_of(self, tenant: TenantInfo | None) -> int | None:
        """The epoch that is in memory for the tenant, or the platform; None if nothing is. Of every source it is that
        of the database, whose kills and overrides apply to all sources."""

    def entitles(self, limit: str) -> bool:
        """Whether the rules in memory have a flag whose entitlement is this limit."""


def current() -> FlagProvider:
    """The source of this process."""
    return _of(settings.FLAG_SOURCE) if settings.FLAG_SOURCE else SERVED


@cache
def _of(source: str) -> FlagProvider:
    from .file import FileProvider
    from .ofrep import OfrepProvider

    return OfrepProvider(source) if "//" in source else FileProvider(source)
