"""A streaming replica of an embedded PostgreSQL, for tests."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from .account import make_private, run_as
from .errors import CannotStart
from .home import Kind
from .postgres import SUPERUSER, Postgres
from .server import ENVIRONMENT

STREAMING = {"wal_level": "logical", "max_wal_senders": "10", "max_replication_slots": "10"}
"""Options of the primary for replicas and online moves."""


class Standby(Postgres):
    """A replica of `primary`, which needs the options STREAMING. Roles and passwords are those of the primary."""

    name = "standby"

    def __init__(self, folder: Path, kind: Kind, primary: Postgres) -> None:
        super().__init__(folder, kind, **STREAMING, hot_standby="on", hot_standby_feedback="on")
        self._primary = primary

    def fill(self, programs: Path, data: Path) -> None:
        unfinished = self.folder / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        make_private(unfinished)
        process = subprocess.run(
            [
                programs / "pg_basebackup",
                *("--dbname", f"postgresql://{SUPERUSER}@127.0.0.1:{self._primary.recorded().port}/postgres"),
                *("--pgdata", unfinished),
                *("--checkpoint", "fast"),
                *("--create-slot", "--slot", self.name),
                "--write-recovery-conf",
                "--no-sync",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=ENVIRONMENT | {"PGPASSWORD": self._primary.recorded().passwords[SUPERUSER]},
            **run_as(unfinished),
        )
        if process.returncode:
            raise CannotStart(f"pg_basebackup failed:\n{process.stdout}{process.stderr}")
        unfinished.rename(data)

    def up(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self._copy_passwords()
        super().up()

    def prepare(self) -> None:
        """Nothing: all data comes from the primary."""

    def _copy_passwords(self) -> None:
        state = self.recorded()
        state.passwords |= self._primary.recorded().passwords
        state.save(self._state_file)
