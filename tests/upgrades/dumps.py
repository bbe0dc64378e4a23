"""Recorded dumps: their folders, how they are written and restored, and by which migrations they were made."""

from __future__ import annotations

import json
import lzma
import os
import re
import shutil
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.db import connections
from psycopg import sql

from apps.schema_migrations.digests import digest_of
from apps.schema_migrations.planning import label_of, rows_of
from apps.schema_migrations.released import bursar_migrations
from config.embedded import pg_bin
from tests.support.reset import copy_database

FOLDER = Path(__file__).parent
ROLE_OF_TENANT = re.compile(r"\bbursar_t_\d+_(?=\d+\b)")
"""Roles belong to the server, so the name has the number of the database."""
ROLES_OF_TENANTS = """
SELECT rolname FROM pg_roles JOIN pg_database ON rolname LIKE format('bursar\\_t\\_%s\\_%%', pg_database.oid)
WHERE datname = current_database()
"""
NOT_RESTORABLE = ("\\restrict", "\\unrestrict", "CREATE SCHEMA public;")
"""Lines of the dump: random words for psql, and a schema that each database has."""

Digests = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RecordedDump:
    """digests       of the migrations that made it, by label
    transactions  how many its server had counted: the audit chain is in their order
    invariants    see `invariants`
    """

    label: str
    digests: Digests
    transactions: int
    invariants: dict[str, Any]

    @classmethod
    def read(cls, label: str) -> RecordedDump:
        return cls(label, **json.loads((FOLDER / label / "expected.json").read_text()))

    def write(self, text: str) -> Path:
        """The dump as `text`, and what is expected of it. Returns the folder."""
        folder = FOLDER / self.label
        folder.mkdir(exist_ok=True)
        (folder / "dump.sql.xz").write_bytes(lzma.compress(text.encode(), preset=9))
        expected = {"digests": self.digests, "transactions": self.transactions, "invariants": self.invariants}
        (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
        return folder

    def remove(self) -> None:
        shutil.rmtree(FOLDER / self.label)

    def restore(self, database: str) -> None:
        """Into a new database of the suite's server."""
        copy_database("template1", database)  # empty, with what `deploy/roles.sql` makes
        with as_owner(database) as connection:
            oid = connection.execute(
                "SELECT oid FROM pg_database WHERE datname = current_database()"
            ).fetchone()
            text = lzma.decompress((FOLDER / self.label / "dump.sql.xz").read_bytes()).decode()
            prefix = f"bursar_t_{oid[0]}_"
            for role in sorted({prefix + number for number in re.findall(r"\bbursar_t_0_(\d+)\b", text)}):
                _make_role(connection, role)
            _let_transactions_pass(connection, self.transactions)
        _psql(database, text.replace("bursar_t_0_", prefix))

    def changed_migrations(self, known: Digests, replaced: Collection[str] = ()) -> list[str]:
        """Labels of the migrations that made it and have other contents now, or are gone. They are recorded in it as
        applied, so it cannot be migrated to what they are now. Those `replaced` by a squashed one may be gone."""
        return sorted(
            label
            for label, digest in self.digests.items()
            if known.get(label) != digest and not (label not in known and label in replaced)
        )


def recorded_labels() -> list[str]:
    return sorted(path.parent.name for path in FOLDER.glob("*/expected.json"))


def recorded_dumps() -> list[RecordedDump]:
    return [RecordedDump.read(label) for label in recorded_labels()]


def digests_of_code() -> Digests:
    return {label_of(migration): digest_of(migration) for _, migration in sorted(bursar_migrations().items())}


def replaced_by_code() -> set[str]:
    """Labels that squashed migrations replace."""
    return {f"{app}.{name}" for migration in bursar_migrations().values() for app, name in rows_of(migration)}


def dump_database() -> tuple[str, int]:
    """All schemas of the database as SQL, and how many transactions its server has counted. Tenants' roles have the
    number 0 for the database's."""
    owner = connections["owner"].settings_dict
    text = pg_dump(str(owner["NAME"]), "--schema=public", "--schema=bursar_template", "--schema=tenant_*")
    lines = [line for line in text.splitlines() if not line.startswith(NOT_RESTORABLE)]
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        transactions: int = cursor.fetchone()[0]
    return ROLE_OF_TENANT.sub("bursar_t_0_", "\n".join(lines) + "\n"), transactions


def pg_dump(database: str, *options: str) -> str:
    """As the owner, to whose rows every policy admits it."""
    command = [pg_bin() / "pg_dump", "--no-comments", "--enable-row-security", *options]
    done = subprocess.run(command, env=_libpq(database), check=True, capture_output=True, text=True)
    return done.stdout


def _psql(database: str, text: str) -> None:
    command = [pg_bin() / "psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    done = subprocess.run(
        command, env=_libpq(database), input=text, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"The dump was not restored: {done.stderr}")


def drop(database: str) -> None:
    """With the roles of its tenants."""
    with as_owner(database) as connection:
        roles = connection.execute(ROLES_OF_TENANTS).fetchall()
    with as_owner("bursar") as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))
        for (role,) in roles:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def _make_role(connection: psycopg.Connection, role: str) -> None:
    """As `tenancy_make_role`, which comes with the dump."""
    name = sql.Identifier(role)
    if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone() is None:
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(name))
    connection.execute(sql.SQL("GRANT bursar_tables TO {} WITH INHERIT TRUE, SET FALSE").format(name))
    connection.execute(sql.SQL("GRANT {} TO bursar_app WITH INHERIT FALSE, SET TRUE").format(name))


def _let_transactions_pass(connection: psycopg.Connection, counted: int) -> None:
    """A young server has counted fewer, and would put new records before those of the dump."""
    row = connection.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint").fetchone()
    if (missing := counted + 1 - row[0]) > 0:
        loop = "DO $$ BEGIN FOR each IN 1..{} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"
        connection.execute(sql.SQL(loop).format(sql.Literal(missing)))


def as_owner(database: str) -> psycopg.Connection:
    owner = _libpq(database)
    return psycopg.connect(
        host=owner["PGHOST"],
        port=owner["PGPORT"],
        user=owner["PGUSER"],
        password=owner["PGPASSWORD"],
        dbname=database,
        autocommit=True,
    )


def _libpq(database: str) -> dict[str, str]:
    owner = connections["owner"].settings_dict
    return {
        "PGHOST": str(owner["HOST"]),
        "PGPORT": str(owner["PORT"]),
        "PGUSER": str(owner["USER"]),
        "PGPASSWORD": str(owner["PASSWORD"]),
        "PGDATABASE": database,
        "PATH": os.defpath,
    }
