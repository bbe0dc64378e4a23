"""The embedded PostgreSQL, with the roles of production."""

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
"""The replication role between two databases during an online move; no process of Bursar uses it."""
SUPERUSER = "postgres"
"""Used only in this file, to create roles and database."""

OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # the path of a socket may not be longer than 107 bytes
    "max_connections": "200",
    "max_locks_per_transaction": "1024",  # a migration locks every table of a tenant's schema
    "timezone": "UTC",
    "log_timezone": "UTC",
}
TEMPORARY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",  # its workers would block dropping a test's database
    "scram_iterations": "1",  # each test opens connections, and hashing would dominate their cost
}


class Postgres(Server):
    name = "postgres"
    variable = "database_url"
    stop_signal = signal.SIGINT  # "fast": with SIGTERM it would wait for every client to leave

    def __init__(self, folder: Path, kind: Kind, **options: str) -> None:
        """`options` of the server extend or replace the common options."""
        super().__init__(folder, kind)
        self._more = options

    def addresses(self) -> dict[str, str]:
        return {variable: self.url_of(role, DATABASE) for variable, role in ROLES.items()}

    def launch(self) -> subprocess.Popen[bytes]:
        programs, version = postgres_programs(self.program_copies, **run_as(self.folder))
        data = self.folder / f"data-{version}"  # data files depend on the version
        if not data.exists():
            self.fill(programs, data)
        self._password_must_be_recorded(data)
        _remove_pid_file_of_zombie(data)
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

    def accepts_connections(self) -> bool:
        try:
            psycopg.connect(self.url_of(SUPERUSER, "postgres"), connect_timeout=3).close()
        except psycopg.OperationalError:
            return False
        return True

    def prepare(self) -> None:
        """Creates the database and its roles by `deploy/roles.sql`, as in production."""
        with self._as_superuser("postgres") as connection:
            exists = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if exists is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        self._make_roles(DATABASE)
        self._set_passwords()
        if self.kind == "test":
            self._allow_owner_to_create_databases()

    def _options(self) -> list[str]:
        options = OPTIONS | {"port": str(self.state.port)}
        if self.kind == "test":
            options |= TEMPORARY
        return [f"--{name}={value}" for name, value in (options | self._more).items()]

    def _password_must_be_recorded(self, data: Path) -> None:
        if SUPERUSER not in self.state.passwords:
            raise CannotStart(
                f"The passwords of the database in {data} are lost with their file: "
                f"remove {self.folder} to start anew."
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

    def _allow_owner_to_create_databases(self) -> None:
        """The test runner creates a database per worker, as a copy of a database with the roles."""
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
        """Creates the files of a new server in a temporary folder, renamed when complete: a killed initdb leaves no
        partial data."""
        unfinished = self.folder / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        make_private(unfinished)
        with self._password_file() as password_file:
            process = subprocess.run(
                [
                    programs / "initdb",
                    *("--pgdata", unfinished),
                    *("--username", SUPERUSER),
                    *("--pwfile", password_file),
                    *("--auth", "scram-sha-256"),
                    *("--encoding", "UTF8"),  # in an empty environment it would be SQL_ASCII
                    # PostgreSQL's builtin locale is equal everywhere, and needs no installation.
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
        if process.returncode:
            raise CannotStart(f"initdb failed:\n{process.stdout}{process.stderr}")
        self.save()  # the password first: without it the cluster is useless
        unfinished.rename(data)

    @contextmanager
    def _password_file(self) -> Iterator[Path]:
        path = self.folder / "password"
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        try:
            path.write_text(self.state.password(SUPERUSER))
            hand_over(path)
            yield path
        finally:
            path.unlink()


def _remove_pid_file_of_zombie(data: Path) -> None:
    """In a container without init a killed server remains a zombie, and its pid file would prevent a restart."""
    pid_file = data / "postmaster.pid"
    if pid_file.exists() and not born(int(pid_file.read_text().split()[0])):
        pid_file.unlink()
