"""A streaming replica of a PostgreSQL of this checkout: as a second server in production, and as small as can be."""

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
"""What the primary needs for a replica to follow it, and for a tenant to be moved while it is at work."""


class Standby(Postgres):
    """Follows `primary`, which runs with the options STREAMING. Its roles and passwords are the primary's."""

    name = "standby"

    def __init__(self, place: Path, kind: Kind, primary: Postgres) -> None:
        super().__init__(place, kind, **STREAMING, hot_standby="on", hot_standby_feedback="on")
        self._primary = primary

    def fill(self, programs: Path, data: Path) -> None:
        unfinished = self.place / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        make_private(unfinished)
        done = subprocess.run(
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
        if done.returncode:
            raise CannotStart(f"pg_basebackup failed:\n{done.stdout}{done.stderr}")
        unfinished.rename(data)

    def up(self) -> None:
        self.place.mkdir(exist_ok=True)
        self._take_its_passwords()
        super().up()

    def prepare(self) -> None:
        """All that it has comes from the primary."""

    def _take_its_passwords(self) -> None:
        state = self.recorded()
        state.passwords |= self._primary.recorded().passwords
        state.save(self._state_file)
