"""What a run migrates, and how."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from .discovery import Schema
from .schema_locks import LockPolicy

WORKERS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class MigrationOptions:
    """only     short names of tenants, instead of all tenants and spares
    canary   short name of the tenant that is migrated first; by default the first tenant
    workers  schemas migrated in parallel
    """

    only: Sequence[str] = ()
    canary: str = ""
    workers: int = WORKERS
    lock_policy: LockPolicy = field(default_factory=LockPolicy)

    def is_canary(self, schema: Schema) -> bool:
        return bool(self.canary) and schema.slug == self.canary


DEFAULTS = MigrationOptions()
