"""Kinds of processes. An entry point declares its kind before it reads the settings."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from apps.kernel.queues.policies import POOLS


class Kind(StrEnum):
    """A worker is of the kind of its pool, or of several if it consumes queues of several pools."""

    WEB = "web"
    FINANCIAL = "financial"
    DEFAULT = "default"
    BILLING = "billing"
    AUDIT = "audit"
    BEAT = "beat"
    RELAY = "relay"
    BACKUP_WORKER = "backup worker"
    MIGRATION = "migration"
    OPERATOR = "operator"

    @property
    def words(self) -> str:
        return f"worker {self}" if self in WORKERS else self.value


WORKERS = frozenset(Kind(pool) for pool in POOLS)
COMMANDS = {
    "runserver": Kind.WEB,
    "relay": Kind.RELAY,
    "backup_worker": Kind.BACKUP_WORKER,
    "migrate": Kind.MIGRATION,
    "migrate_schemas": Kind.MIGRATION,
    "migrate_tenants": Kind.MIGRATION,
}

_declared: frozenset[Kind] = frozenset()


def kind_of_command(command: str) -> Kind:
    """The kind of `manage.py command`."""
    return COMMANDS.get(command, Kind.OPERATOR)


def kinds_of_worker(queues: Collection[str]) -> frozenset[Kind]:
    return frozenset(Kind(pool) for pool, names in POOLS.items() if not {*names}.isdisjoint(queues))


def reporting_kind() -> str:
    """The kind of this process, if it reports what it serves from the start: web, relay, backup worker. Workers and
    beat declare their kinds later. Empty for the others, which end by themselves."""
    return " and ".join(sorted(_declared & {Kind.WEB, Kind.RELAY, Kind.BACKUP_WORKER}))


def declare(*kinds: Kind) -> None:
    """Sets the kinds of this process."""
    global _declared
    _declared = frozenset(kinds)


def declared() -> frozenset[Kind]:
    """The kinds of this process; none before its entry point has declared them."""
    return _declared
