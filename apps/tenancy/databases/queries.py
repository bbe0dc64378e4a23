"""How the databases stand: who lies in them, what room is left, and how far behind their replicas are."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connections
from django.db.models import Count, Q

from apps.kernel import databases
from apps.tenancy.models import Database, Tenant

from .placing import Room


@dataclass(frozen=True)
class Standing:
    """One database.

    spares       schemas that a new tenant could claim at once
    left_behind  schemas of tenants that the directory has elsewhere or not at all
    lag          of its replica, in seconds; None where there is none
    trouble      why it, or its replica, could not be asked
    """

    key: str
    region: str
    capacity: int
    accepts_new: bool
    tenants: int
    pinned: int
    spares: int | None = None
    left_behind: tuple[str, ...] = ()
    lag: float | None = None
    last_error: str = ""

    @property
    def room(self) -> int:
        return max(self.capacity - self.tenants, 0)


def standings() -> list[Standing]:
    """Of every database, home first. Each is asked, so it is not for the path of a request."""
    return [_asked(each) for each in _counted()]


def open_to_newcomers() -> list[Room]:
    """Those that take new tenants and have room for one, home first."""
    return [Room(each.key, each.region) for each in _counted() if each.accepts_new and each.room]


def _counted() -> list[Standing]:
    said = {row.key: row for row in Database.objects.all()}
    counts = Tenant.objects.values("database").annotate(
        all=Count("pk"), pinned=Count("pk", filter=Q(pinned=True))
    )
    lying = {count["database"]: (count["all"], count["pinned"]) for count in counts.order_by()}
    return [
        Standing(
            key=key,
            region=row.region,
            capacity=row.capacity,
            accepts_new=row.accepts_new,
            tenants=tenants,
            pinned=pinned,
        )
        for key in databases.known()
        for row in [said.get(key) or Database(key=key)]
        for tenants, pinned in [lying.get(key, (0, 0))]
    ]


def _asked(standing: Standing) -> Standing:
    here = set(Tenant.objects.filter(database=standing.key).values_list("schema_name", flat=True))
    found: dict[str, object] = {}
    try:
        with connections[databases.at("default", standing.key)].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM tenancy_spare JOIN tenancy_blueprint USING (fingerprint)")
            found["spares"] = cursor.fetchone()[0]
            cursor.execute(
                "SELECT nspname::text FROM pg_namespace WHERE nspname ~ %s ORDER BY oid",
                [f"^{settings.TENANT_SCHEMA_PREFIX}[0-9]+$"],
            )
            found["left_behind"] = tuple(name for (name,) in cursor.fetchall() if name not in here)
        found["lag"] = _lag(standing.key)
    except DatabaseError as error:
        found["last_error"] = str(error).strip().splitlines()[0]
    return Standing(**vars(standing) | found)


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
