"""A second PostgreSQL server and its replica, for the tests that use them.

`east` is a database beside home, with its own template and spares; `replica` follows it. They are started by the
first test that uses them, once per worker, and stopped with it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connections
from django.test import override_settings
from psycopg import sql

from apps.bus import dispatch
from apps.kernel.tenant import TenantInfo, at_database
from apps.operations.commands import OnboardTenant
from apps.tenancy import provisioning
from apps.tenancy.models import Tenant
from apps.tenancy.placement.resolver import resolver
from config.databases import Addresses, Pooling, connections_of
from config.embedded import CannotStart
from config.embedded.home import home
from config.embedded.postgres import SUPERUSER, Postgres
from config.embedded.standby import STREAMING, Standby

from .rows import only_row

EAST = "east"
TEMPLATE = "bursar_test_template"
FIRST, SPARES = 1001, 2
REPLAY_TIMEOUT_S = 120.0


@pytest.fixture(scope="session")
def east_server() -> Iterator[Postgres]:
    server = Postgres(home("test") / f"east-{_worker()}", "test", **STREAMING)
    yield from _running(server)


@pytest.fixture(scope="session")
def standby_server(east_server: Postgres) -> Iterator[Standby]:
    yield from _running(Standby(home("test") / f"east-{_worker()}", "test", east_server))


@pytest.fixture(scope="session")
def east_template(east_server: Postgres, django_db_blocker: Any) -> str:
    """The template of each test's database, migrated like a shard in production."""
    with django_db_blocker.unblock(), _known(_aliases(east_server, "bursar")):
        with at_database(EAST):
            provisioning.migrate_platform(lambda _: None)
            provisioning.migrate_template(lambda _: None)
        with connections[f"default@{EAST}"].cursor() as cursor:
            for number in range(
                FIRST, FIRST + SPARES
            ):  # the sequence of each test's home begins again, and could repeat a number
                cursor.execute("SELECT tenancy_make_spare(%s)", [number])
    _copy(east_server, "bursar", TEMPLATE)
    return TEMPLATE


@pytest.fixture
def east(database_name: str, east_server: Postgres, east_template: str) -> Iterator[str]:
    """The key of a second database with spares only."""
    _copy(east_server, east_template, database_name)
    with _known(_aliases(east_server, database_name)):
        yield EAST


@pytest.fixture
def replica(
    east: str, database_name: str, east_server: Postgres, standby_server: Standby
) -> Iterator[Callable[[], None]]:
    """Adds a replica to the east. Call it to wait until the replica has replayed the log."""
    aliases = _aliases(east_server, database_name, replica=f"127.0.0.1:{standby_server.state.port}")

    def wait_for_replay() -> None:
        with _as_superuser(east_server) as primary, _as_superuser(standby_server) as standby:
            (written,) = only_row(primary.execute("SELECT pg_current_wal_insert_lsn()::text"))
            until = time.monotonic() + REPLAY_TIMEOUT_S
            replayed = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
            while not only_row(standby.execute(replayed, [written]))[0]:
                assert time.monotonic() < until, "the replica did not replay the log in time"
                time.sleep(0.01)

    wait_for_replay()
    with _known({alias: options for alias, options in aliases.items() if alias.startswith("replica@")}):
        yield wait_for_replay


@pytest.fixture
def initech(east: str, operator: Any) -> TenantInfo:
    """A tenant in the east."""
    command = OnboardTenant(slug="initech", name="Initech", owner_email="owner@initech.example")
    with settings_of(TENANT_DATABASE_STRATEGY="tests.support.shards.in_the_east"):
        tenant: Tenant = dispatch(command, actor=operator)
    return Tenant.objects.get(pk=tenant.pk).info


def in_the_east(request: Any, candidates: Any) -> str:
    return EAST


@contextmanager
def settings_of(**values: Any) -> Iterator[None]:
    resolver.cache_clear()
    with override_settings(**values):
        yield
    resolver.cache_clear()


def _aliases(server: Postgres, database: str, *, replica: str = "") -> dict[str, dict[str, Any]]:
    urls = {name: url.rpartition("/")[0] + f"/{database}" for name, url in server.addresses().items()}
    addresses = Addresses(
        runtime=urls["database_url"],
        owner=urls["database_owner_url"],
        relay=urls["database_relay_url"],
        backup_worker=urls["database_backup_url"],
        read=replica,
    )
    return {f"{alias}@{EAST}": options for alias, options in connections_of(addresses, Pooling()).items()}


@contextmanager
def _known(aliases: Mapping[str, dict[str, Any]]) -> Iterator[None]:
    """Adds connections; Django fills in the defaults."""
    connections.configure_settings({"default": connections.settings["default"], **aliases})
    connections.settings.update(aliases)
    try:
        yield
    finally:
        for alias in aliases:
            connections[alias].close()
            del connections[alias], connections.settings[alias]


def _copy(server: Postgres, source: str, target: str) -> None:
    names = {"source": sql.Identifier(source), "target": sql.Identifier(target)}
    with _as_superuser(server) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {target} WITH (FORCE)").format(**names))
        connection.execute(
            sql.SQL(
                "CREATE DATABASE {target} TEMPLATE {source} OWNER bursar_owner STRATEGY FILE_COPY"
            ).format(**names)
        )
        # Grants on a database are not copied with it.
        connection.execute(sql.SQL("GRANT CREATE ON DATABASE {target} TO bursar_backup").format(**names))


def _as_superuser(server: Postgres) -> psycopg.Connection:
    return psycopg.connect(server.url_of(SUPERUSER, "postgres"), autocommit=True)


def _running(server: Any) -> Iterator[Any]:
    """A server of an earlier, killed run is stopped first."""
    server.folder.parent.mkdir(parents=True, exist_ok=True)
    server.down()
    server.wipe()
    try:
        server.up()
    except CannotStart as reason:
        pytest.skip(f"there is no second server here: {reason}")
    yield server
    server.down()
    server.wipe()


def _worker() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "single")
