"""Move of a tenant to another database without downtime, by logical replication and a short read-only window.

The default is the offline move (`offline.py`): it is simpler, and verifies each part. The online move is for a tenant
too large to pause. The source needs `wal_level = logical` and a role with REPLICATION, whose address is in
DATABASE_MOVERS.

    copy       tables without constraints, all rows, and changes made meanwhile; then indexes and keys
    window     the tenant is read-only, and its role loses the right to write at the source
    catch up   the last changes are replicated, and rows compared
    complete   sequences, transaction ids and triggers
    switch     the directory stores the new database; the old schema is renamed and made inaccessible

A failure before the switch is rolled back, and the tenant stays in its database.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext
from psycopg import sql

from apps.backups import rules
from apps.backups.errors import BlueprintDiffers, CopyDiffers
from apps.backups.exclusion import transfer_lock
from apps.backups.files import outbox
from apps.backups.schemas import blueprint, catalogue, owner, replaced, transaction_ids
from apps.backups.schemas.checksums import TableChecksum, checksum
from apps.kernel.db import databases
from apps.tenancy.models import Tenant
from apps.tenancy.placement import tenant_mirror

from .replication import Replication
from .switching import switch_directory
from .write_window import must_finish, write_window

COPY_TIMEOUT_S = 3600.0
_TRIGGER = ("CREATE TRIGGER", "CREATE CONSTRAINT TRIGGER")


@dataclass(frozen=True)
class Moved:
    """A finished move. `copied` is the duration of the copy in seconds, `read_only` that of the window without
    writes."""

    subject: Tenant
    before: str
    after: str
    rows: int
    copied: float
    read_only: float

    def __str__(self) -> str:
        """The text in the audit log."""
        return gettext(
            "{subject} from the database {before} to {after} online: {rows:,} rows; read-only for {read_only:.2f} s"
        ).format(
            subject=self.subject,
            before=self.before,
            after=self.after,
            rows=self.rows,
            read_only=self.read_only,
        )


def move_online(tenant: Tenant, to: str) -> Moved:
    """Raises BlueprintDiffers, ReplicaLagging, CopyDiffers, and the refusals of
    `rules.tenant_must_be_movable_online`; after each of them the tenant is unchanged."""
    rules.tenant_must_be_movable_online(tenant, to)
    with (
        transfer_lock(tenant.info),
        owner.as_owner(tenant.database) as source,
        owner.as_owner(to) as target,
    ):
        return _Move(tenant, to, source, target).run()


class _Move:
    def __init__(self, tenant: Tenant, to: str, source: Any, target: Any) -> None:
        self.tenant, self.to, self.source, self.target = tenant, to, source, target
        self.schema, self.before = tenant.schema_name, tenant.database
        self.tables = catalogue.tables(source, self.schema)
        self.replication = Replication(f"move_{tenant.pk}", self.schema, self.tables, source, target)

    def run(self) -> Moved:
        began_at = time.monotonic()
        self._remove_copy()  # of an earlier attempt
        try:
            role, triggers = self._copy()
            copied_at = time.monotonic()
            with write_window(self.tenant, self.tables, self.source):
                rows = self._catch_up()
                self._complete(triggers)
                self._switch(role)
        except BaseException:
            self._remove_copy()
            raise
        ended_at = time.monotonic()
        return Moved(self.tenant, self.before, self.to, rows, copied_at - began_at, ended_at - copied_at)

    def _copy(self) -> tuple[str, Sequence[str]]:
        """Returns the tenant's role in the target database, and the statements that create the triggers. They run last,
        since replicated rows must not fire them."""
        halves = blueprint.halves(self._ddl(), self.schema)
        role = self._create_tables(halves.before)
        self.replication.start(rules.replication_must_be_configured(self.before))
        must_finish(self.replication.is_copied, self.tenant, "the copy", COPY_TIMEOUT_S)
        triggers = [statement for statement in halves.after if statement.startswith(_TRIGGER)]
        self._execute(statement for statement in halves.after if statement not in triggers)
        return role, triggers

    def _ddl(self) -> str:
        stored = blueprint.stored(self.to)
        if stored.fingerprint != self.tenant.fingerprint:
            raise BlueprintDiffers(name=self.tenant.name, database=self.to)
        return stored.ddl

    def _create_tables(self, statements: Sequence[str]) -> str:
        with transaction.atomic(using=databases.at("owner", self.to)):
            self._execute(["SET LOCAL check_function_bodies = off", *statements])
            self.target.execute("SELECT tenancy_make_role(%s, %s)", [self.tenant.pk, self.schema])
            (role,) = self.target.fetchone()
        return str(role)

    def _catch_up(self) -> int:
        """Returns the number of rows."""
        position = self.replication.position()
        must_finish(lambda: self.replication.has_replayed(position), self.tenant, "the last changes")
        rows = self._compare()
        self.replication.stop()
        return rows

    def _compare(self) -> int:
        source, target = self._checksums(self.source), self._checksums(self.target)
        if differing := sorted(name for name in source if source[name] != target[name]):
            raise CopyDiffers(name=self.tenant.name, tables=", ".join(differing))
        return sum(table.rows for table in source.values())

    def _checksums(self, cursor: Any) -> dict[str, TableChecksum]:
        return {
            table.name: checksum(
                cursor, sql.SQL("SELECT * FROM {}").format(sql.Identifier(self.schema, table.name))
            )
            for table in self.tables
        }

    def _complete(self, triggers: Sequence[str]) -> None:
        owner.set_sequences(self.target, self.schema, catalogue.sequences(self.tenant.info))
        with transaction.atomic(using=databases.at("owner", self.to)):
            count = transaction_ids.renumber(self.target, self.schema, self.tables)
        transaction_ids.advance(self.target, count)
        self._execute(triggers)

    def _switch(self, role: str) -> None:
        outbox.insert(outbox.undelivered(self.source, self.tenant.pk), self.to)
        switch_directory(self.tenant, self.to, role)
        outbox.remove(self.tenant.pk, self.before)
        source = Tenant(pk=self.tenant.pk, schema_name=self.schema, database=self.before)
        replaced.set_aside(self.source, source, "moved")
        tenant_mirror.delete(source)

    def _remove_copy(self) -> None:
        """Unless the tenant works in it already."""
        self.replication.stop()
        if self.tenant.database != self.to:
            owner.drop(self.target, self.schema)

    def _execute(self, statements: Iterable[str]) -> None:
        plain = self.target.cursor  # psycopg's cursor: no parameters, so % needs no escaping
        for statement in statements:
            plain.execute(statement)
