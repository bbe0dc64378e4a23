"""The PostgreSQL of this checkout, with the roles that production has."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from .account import hand_over, make_private, run_as
from .binaries import postgres_programs
from .errors import CannotStart
from .home import CHECKOUT, Kind
from .server import ENVIRONMENT, Server
from .state import born

DATABASE = "bursar"
ROLES = {
    "database_url": "bursar_app",
    "database_owner_url": "bursar_owner",
    "database_relay_url": "bursar_relay",
    "database_backup_url": "bursar_backup",
}
MOVER = "bursar_mover"
"""Of no process of ours: by it one database follows another."""
SUPERUSER = "postgres"
"""Known in this file only: it makes the roles and the database, and nobody works as it."""

OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # the path of a socket may not be longer than 107 bytes
    "max_connections": "200",
    "max_locks_per_transaction": "1024",  # a migration locks every table of a tenant's schema
    "timezone": "UTC",
    "log_timezone": "UTC",
}
THROW_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",  # its workers would keep a test's database from being dropped
    "scram_iterations": "1",  # each test connects anew: a password would cost more than all else of it
}


class Postgres(Server):
    name = "postgres"
    variable = "database_url"
    stop_signal = signal.SIGINT  # "fast": with SIGTERM it would wait for every client to leave

    def __init__(self, place: Path, kind: Kind, **options: str) -> None:
        """`options` of the server, beside or instead of those that all have."""
        super().__init__(place, kind)
        self._more = options

    def addresses(self) -> dict[str, str]:
        return {variable: self.url_of(role, DATABASE) for variable, role in ROLES.items()}

    def launch(self) -> subprocess.Popen[bytes]:
        programs, version = postgres_programs(self.shelf, **run_as(self.place))
        data = self.place / f"data-{version}"  # the files of one version are useless to another
        if not data.exists():
            self.fill(programs, data)
        self._must_know_the_password(data)
        _forget_a_zombie(data)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [programs / "postgres", "-D", data, *self._options()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=ENVIRONMENT,
                start_new_session=True,
                **run_as(data),
            )

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url_of(SUPERUSER, "postgres"), connect_timeout=3).close()
        except psycopg.OperationalError:
            return False
        return True

    def prepare(self) -> None:
        """The database and its roles, as `deploy/roles.sql` makes them in production."""
        with self._as_superuser("postgres") as connection:
            known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        self._make_roles(DATABASE)
        self._set_passwords()
        if self.kind == "test":
            self._let_the_owner_make_databases()

    def _options(self) -> list[str]:
        options = OPTIONS | {"port": str(self.state.port)}
        if self.kind == "test":
            options |= THROW_AWAY
        return [f"--{name}={value}" for name, value in (options | self._more).items()]

    def _must_know_the_password(self, data: Path) -> None:
        if SUPERUSER not in self.state.passwords:
            raise CannotStart(
                f"The passwords of the database in {data} are lost with the file that kept them: "
                f"remove {self.place} to start anew."
            )

    def _make_roles(self, database: str) -> None:
        with self._as_superuser(database) as connection:
            connection.execute((CHECKOUT / "deploy" / "roles.sql").read_bytes())

    def _set_passwords(self) -> None:
        change = sql.SQL("ALTER ROLE {} PASSWORD {}")
        with self._as_superuser(DATABASE) as connection:
            for role in (*ROLES.values(), MOVER):
                password = self.state.password(role)
                connection.execute(change.format(sql.Identifier(role), sql.Literal(password)))

    def _let_the_owner_make_databases(self) -> None:
        """The test runner makes a database per worker, each a copy of one that has the roles."""
        self._make_roles("template1")
        with self._as_superuser(DATABASE) as connection:
            connection.execute("ALTER ROLE bursar_owner CREATEDB")
            connection.execute("GRANT pg_signal_backend TO bursar_owner")  # to drop one that is in use

    @contextmanager
    def _as_superuser(self, database: str) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.url_of(SUPERUSER, database), autocommit=True) as connection:
            yield connection

    def url_of(self, role: str, database: str) -> str:
        password = self.state.password(role)
        return f"postgresql://{role}:{password}@127.0.0.1:{self.state.port}/{database}"

    def fill(self, programs: Path, data: Path) -> None:
        """Make the files of a new server. Elsewhere first, renamed when complete: a killed initdb leaves nothing
        half done."""
        unfinished = self.place / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        make_private(unfinished)
        with self._password_file() as password_file:
            done = subprocess.run(
                [
                    programs / "initdb",
                    *("--pgdata", unfinished),
                    *("--username", SUPERUSER),
                    *("--pwfile", password_file),
                    *("--auth", "scram-sha-256"),
                    *("--encoding", "UTF8"),  # in an empty environment it would be SQL_ASCII
                    # PostgreSQL's own locale: the same everywhere, and none need be installed.
                    *("--locale-provider", "builtin"),
                    *("--builtin-locale", "C.UTF-8"),
                    *("--locale", "C"),
                    "--no-instructions",
                    "--no-sync",
                    *(["--no-data-checksums"] if self.kind == "test" else []),
                ],
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
                env=ENVIRONMENT,
                **run_as(unfinished),
            )
        if done.returncode:
            raise CannotStart(f"initdb failed:\n{done.stdout}{done.stderr}")
        self.save()  # the password first: a cluster whose password is lost is of no use
        unfinished.rename(data)

    @contextmanager
    def _password_file(self) -> Iterator[Path]:
        path = self.place / "password"
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        try:
            path.write_text(self.state.password(SUPERUSER))
            hand_over(path)
            yield path
        finally:
            path.unlink()


def _forget_a_zombie(data: Path) -> None:
    """In a container without an init a killed server stays a zombie for ever, and the file with
    its number would stop every later start."""
    pid_file = data / "postmaster.pid"
    if pid_file.exists() and not born(int(pid_file.read_text().split()[0])):
        pid_file.unlink()
