"""Status of the databases: tenants, free capacity, and the lag of their replicas."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import Error as DatabaseError
from django.db import connections
from django.db.models import Count, Q

from apps.kernel.db import databases
from apps.tenancy.models import Database, Tenant
from apps.tenancy.schema_names import tenant_schema_pattern

from .allocation import Candidate


@dataclass(frozen=True)
class DatabaseStatus:
    """The status of one database.

    spares            schemas that a new tenant can claim immediately
    orphaned_schemas  schemas of tenants whose row names another database, or that have no row
    lag               of its replica, in seconds; None without a replica
    last_error        the error of a failed query to it or its replica
    """

    key: str
    region: str
    capacity: int
    accepts_new: bool
    tenants: int
    pinned: int
    spares: int | None = None
    orphaned_schemas: tuple[str, ...] = ()
    lag: float | None = None
    last_error: str = ""

    @property
    def free_capacity(self) -> int:
        return max(self.capacity - self.tenants, 0)


def database_statuses() -> list[DatabaseStatus]:
    """The status of every database, home first. Connects to each, so it is too slow for a request."""
    return [_with_live_figures(status) for status in _counted()]


def candidates_for_new_tenants() -> list[Candidate]:
    """Databases that accept new tenants and have free capacity, home first."""
    return [
        Candidate(status.key, status.region)
        for status in _counted()
        if status.accepts_new and status.free_capacity
    ]


def regions() -> dict[str, str]:
    """The region of each database that has a row, by key."""
    return dict(Database.objects.values_list("key", "region"))


def _counted() -> list[DatabaseStatus]:
    rows = {row.key: row for row in Database.objects.all()}
    counts = Tenant.objects.values("database").annotate(
        all=Count("pk"), pinned=Count("pk", filter=Q(pinned=True))
    )
    tenant_counts = {count["database"]: (count["all"], count["pinned"]) for count in counts.order_by()}
    return [
        DatabaseStatus(
            key=key,
            region=row.region,
            capacity=row.capacity,
            accepts_new=row.accepts_new,
            tenants=tenants,
            pinned=pinned,
        )
        for key in databases.known()
        for row in [rows.get(key) or Database(key=key)]
        for tenants, pinned in [tenant_counts.get(key, (0, 0))]
    ]


def _with_live_figures(status: DatabaseStatus) -> DatabaseStatus:
    local_schemas = set(Tenant.objects.filter(database=status.key).values_list("schema_name", flat=True))
    figures: dict[str, object] = {}
    try:
        with connections[databases.at("default", status.key)].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM tenancy_spare JOIN tenancy_blueprint USING (fingerprint)")
            figures["spares"] = cursor.fetchone()[0]
            cursor.execute(
                "SELECT nspname::text FROM pg_namespace WHERE nspname ~ %s ORDER BY oid",
                [tenant_schema_pattern()],
            )
            figures["orphaned_schemas"] = tuple(
                name for (name,) in cursor.fetchall() if name not in local_schemas
            )
        figures["lag"] = _lag(status.key)
    except DatabaseError as error:
        figures["last_error"] = str(error).strip().splitlines()[0]
    return DatabaseStatus(**vars(status) | figures)


def _lag(key: str) -> float | None:
    alias = databases.at("replica", key)
    if key not in databases.having("replica"):
        return None
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0"
            " ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END"
        )
        return float(cursor.fetchone()[0] or 0)
