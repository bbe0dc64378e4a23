"""Backup, restore and move of a tenant, compared with pg_dump and pg_restore of its schema.

`python -m benchmarks.transferring [rows]`; 100,000 by default. The second database is on its own server.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.environment import environment, report

T = TypeVar("T")
LINES = 3
"""Per entry, so that an entry has four rows."""
EAST = "east"


def main(rows: int) -> None:
    with environment() as tenant, _second_server():
        from apps.kernel.tenant import activate

        with activate(tenant):
            _fill(rows)
        report(
            {
                "rows": rows,
                "bursar": _bursar(tenant),
                "pg_dump -n | pg_restore": _baseline(tenant),
                "target": TARGET,
            }
        )


TARGET = "backup / restore / move of 100,000 rows, verified by rows, definitions, chain and trial balance"


def _bursar(tenant: Any) -> dict[str, Any]:
    from apps.backups.files import importing, verifying
    from apps.backups.files.backup_file import BackupFile
    from apps.backups.files.exporting import export
    from apps.backups.moves import offline
    from apps.backups.schemas import owner
    from apps.tenancy.models import Tenant

    with tempfile.TemporaryFile() as file:
        manifest, backup = _timed(lambda: export(tenant, file))
        size = file.seek(0, 2)
        backup_file = BackupFile(file)
        made, load = _timed(lambda: importing.load(backup_file, number=900_000, at="home"))
        faults, verify = _timed(lambda: verifying.faults(backup_file.manifest, made))
        owner.drop_schema(made.schema, "home", role=made.role)
    Tenant.objects.filter(pk=tenant.id).update(mode=Tenant.Mode.READ_ONLY)
    moved, move = _timed(lambda: offline.move(tenant.id, EAST))
    rows = sum(table["rows"] for table in manifest["tables"].values())
    return {
        "rows in all": rows,
        "backup file, bytes": size,
        "backup": _rate(rows, backup),
        "restore": _rate(rows, load + verify) | {"of that, verifying": round(verify, 2)},
        "move": _rate(rows, move),
        "faults": faults,
        "moved to": moved.database,
    }


def _baseline(tenant: Any) -> dict[str, Any]:
    """Dump of the same schema after its move, and restore into the first database, both without verification."""
    from django.conf import settings
    from django.db import connections

    from apps.kernel.db import databases

    dump, restore = str(settings.PG_DUMP), str(Path(settings.PG_DUMP).with_name("pg_restore"))
    with tempfile.NamedTemporaryFile() as file, connections[databases.at("owner", "home")].cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'moved_%'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP SCHEMA "{name}" CASCADE')
        dump_options = ["-Fc", "-Z1", "-n", tenant.schema, "-f", file.name]
        _, dumped = _timed(lambda: subprocess.run([dump, *dump_options], env=_libpq(EAST), check=True))
        restore_options = ["--no-owner", "-d", _libpq("home")["PGDATABASE"], file.name]
        _, restored = _timed(
            lambda: subprocess.run([restore, *restore_options], env=_libpq("home"), check=True)
        )
        return {
            "dump, bytes": Path(file.name).stat().st_size,
            "dump": round(dumped, 2),
            "restore": round(restored, 2),
        }


def _fill(rows: int) -> None:
    """Inserts posted entries as the owner, with triggers disabled, as they are not part of the measurement."""
    from django.db import connection, connections

    from apps.ledger.models import Account, Journal
    from apps.periods.models import Period

    account = Account.objects.create(code="1000", name="Cash", type="asset")
    journal, period = Journal.objects.get(code="GEN"), Period.objects.earliest("starts_on")
    connection.close()
    parameters = {
        "count": rows // (LINES + 1),
        "lines": LINES,
        "journal": journal.pk,
        "period": period.pk,
        "year": period.year_id,
        "day": period.starts_on,
        "account": account.pk,
    }
    with connections["owner"].cursor() as cursor:
        for table in ("ledger_entry", "ledger_entryline"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(_ENTRIES, parameters)
        cursor.execute(_LINES, parameters)
        for table in ("ledger_entry", "ledger_entryline"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


_ENTRIES = """
INSERT INTO ledger_entry (journal_id, period_id, year_id, posted_on, status, number, memo, payee, reference, source,
    created_at, posted_at)
SELECT %(journal)s, %(period)s, %(year)s, %(day)s, 'posted', n, 'Sale number ' || n, 'Customer ' || n %% 997,
    'INV-' || n, '', now(), now()
FROM generate_series(1, %(count)s) AS n
"""
_LINES = """
INSERT INTO ledger_entryline (entry_id, line_no, account_id, currency, amount_minor, memo)
SELECT id, line, %(account)s, 'USD', CASE line WHEN 1 THEN 200 ELSE -100 END, 'Line ' || line
FROM ledger_entry, generate_series(1, %(lines)s) AS line
"""


@contextmanager
def _second_server() -> Iterator[None]:
    """A second PostgreSQL server with a migrated database."""
    from django.db import connections

    from apps.kernel.tenant import at_database
    from apps.tenancy import provisioning
    from config.databases import Addresses, Pooling, connections_of
    from config.embedded.home import home
    from config.embedded.postgres import Postgres

    server = Postgres(home("dev") / EAST, "dev")
    server.folder.parent.mkdir(parents=True, exist_ok=True)
    server.up()
    urls = server.addresses()
    second = connections_of(
        Addresses(
            runtime=urls["database_url"], owner=urls["database_owner_url"], relay=urls["database_relay_url"]
        ),
        Pooling(),
    )
    aliases = {f"{alias}@{EAST}": settings for alias, settings in second.items()}
    connections.configure_settings({"default": connections.settings["default"], **aliases})
    connections.settings.update(aliases)
    try:
        with at_database(EAST):
            provisioning.migrate_platform(lambda _: None)
            provisioning.migrate_template(lambda _: None)
        yield
    finally:
        connections.close_all()
        server.down()


def _libpq(key: str) -> dict[str, str]:
    from django.db import connections

    from apps.kernel.db import databases

    at = connections[databases.at("owner", key)].settings_dict
    names = {
        "PGHOST": "HOST",
        "PGPORT": "PORT",
        "PGUSER": "USER",
        "PGPASSWORD": "PASSWORD",
        "PGDATABASE": "NAME",
    }
    return {variable: str(at[name]) for variable, name in names.items()}


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    result = work()
    return result, time.perf_counter() - began


def _rate(rows: int, seconds: float) -> dict[str, Any]:
    return {"seconds": round(seconds, 2), "rows a second": round(rows / seconds)}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
