"""All of Bursar on servers of its own: the processes of `make up`, with more than one where more may run.

Each can be killed in several ways, and is brought back as the runner of `make up` does it: what the dead one left of
its children goes first.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis
import requests

from apps.kernel import metrics
from config import embedded
from config.embedded.errors import CannotStart
from config.embedded.home import CHECKOUT
from config.embedded.postgres import Postgres
from config.embedded.server import Server
from config.embedded.valkey import Valkey
from config.env import env
from config.up import plan
from config.up.process import Process, end_with_the_runner

SETTINGS = "tests.soak.settings"
STARTS_WITHIN = 120.0
RESTS = (0.2, 2.5)
"""Seconds for which the dead stay dead."""
DIES_OF_IT = 10.0
"""Seconds in which one may end that lost its child: Celery does when it has just begun."""


@dataclass
class Member:
    """One process of the house."""

    plan: Process
    log: Path
    popen: subprocess.Popen[bytes] | None = None
    back_at: float | None = None
    hurt_at: float = float("-inf")

    @property
    def name(self) -> str:
        return self.plan.name

    @property
    def running(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self.popen.poll() if self.popen else None

    @property
    def children(self) -> list[int]:
        """The processes that do its work: of a worker, and of the web server."""
        if not self.popen:
            return []
        with suppress(OSError):
            return [int(each) for each in _children_file(self.popen.pid).read_text().split()]
        return []

    def start(self) -> None:
        self.back_at = None
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                [*self.plan.command],
                cwd=CHECKOUT,
                env={**self.plan.environment, "DJANGO_SETTINGS_MODULE": SETTINGS},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_the_runner,
            )

    def kill(self) -> None:
        """With all its children, as when the machine's memory runs out."""
        self._end_group()

    def kill_leader(self) -> None:
        """Its children do not know yet."""
        if self.popen:
            self.popen.kill()
            self.popen.wait()

    def kill_child(self) -> None:
        """The leader stays, and must notice."""
        self.hurt_at = time.monotonic()
        for child in self.children[:1]:
            _kill(child)

    def stop(self, seconds: float = 10) -> None:
        if self.popen and self.running:
            self.popen.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.popen.wait(seconds)
        self._end_group()

    def come_back(self) -> None:
        self._end_group()
        self.start()

    def _end_group(self) -> None:
        if self.popen:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()


@dataclass
class House:
    """`fallen` are the processes that ended without being killed by us, with their exit codes."""

    home: Path
    chance: random.Random
    fallen: list[str] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    _busy: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        place = embedded.home("dev")
        # It forgets everything with each kill: a broker may cost time, and nothing else.
        self.valkey: Server = Valkey(place, "test")
        # It keeps what it has confirmed: fsync and synchronous_commit are on.
        self.postgres: Server = Postgres(place, "dev")
        self.logs = self.home / "logs"
        self.logs.mkdir()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{env().port}"

    def plan(self) -> None:
        metrics.clean(plan.metrics_folder())
        planned = [
            plan.web(),
            *(plan.relay("relay-1"), plan.relay("relay-2")),
            *(plan.worker("financial", "financial-1"), plan.worker("financial", "financial-2")),
            *(plan.worker("default"), plan.worker("billing"), plan.worker("audit")),
            plan.backup_worker(),
            plan.beat(),
        ]
        self.members = [Member(each, self.logs / f"{each.name}.log") for each in planned]

    def open(self) -> None:
        """Start them, and wait until the web answers and every queue has its worker."""
        for member in self.members:
            member.start()
        deadline = time.monotonic() + STARTS_WITHIN
        while not self.answers():
            self.tend()
            if time.monotonic() > deadline:
                raise AssertionError(f"The house did not open within {STARTS_WITHIN:.0f} s: {self.logs}")
            time.sleep(0.2)

    def close(self) -> None:
        for member in self.members:
            if member.popen and member.running:
                member.popen.terminate()
        for member in self.members:
            member.stop()

    def answers(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(f"{self.address}/healthz", timeout=5).ok
        return False

    def tend(self) -> None:
        """Bring back whom it is time for, and note who fell without being killed."""
        for member in self.members:
            if member.running:
                continue
            if member.back_at is None:
                member.back_at = time.monotonic() + 1
                if time.monotonic() - member.hurt_at > DIES_OF_IT:
                    self.fallen.append(f"{member.name} ended by itself with {member.exit_code}")
            elif time.monotonic() >= member.back_at:
                member.come_back()

    def is_whole(self) -> bool:
        return not self._busy and all(member.running for member in self.members)

    def named(self, name: str) -> Member:
        return next(member for member in self.members if member.name == name)

    # What may happen to it

    def lose(self, member: Member, how: Callable[[], None]) -> None:
        if member.running:
            how()
        if not member.running:
            member.back_at = time.monotonic() + self.chance.uniform(*RESTS)

    def lose_server(self, server: Server) -> None:
        """The whole server, and it is started again a moment later."""
        if server.name in self._busy:
            return
        self._busy.add(server.name)
        _kill(server.state.pid)
        rest = self.chance.uniform(*RESTS)
        threading.Thread(target=self._bring_back, args=[server, rest], daemon=True).start()

    def lose_backend(self) -> None:
        """One of PostgreSQL's own processes: it ends all connections and recovers by itself."""
        with (
            suppress(psycopg.Error),
            psycopg.connect(str(env().database_relay_url), connect_timeout=2) as own,
        ):
            known = own.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchall()
            if known:
                _kill(self.chance.choice(sorted(known))[0])

    def flush(self) -> None:
        with (
            suppress(redis.RedisError),
            redis.Redis.from_url(str(env().redis_url), socket_timeout=2) as client,
        ):
            client.flushall()

    def _bring_back(self, server: Server, rest: float) -> None:
        time.sleep(rest)
        try:
            server.up()
        except CannotStart:
            server.up()
        finally:
            self._busy.discard(server.name)


@contextmanager
def servers(house: House) -> Iterator[None]:
    """PostgreSQL and Valkey of this run alone."""
    both: Sequence[Server] = (house.postgres, house.valkey)
    try:
        for server in both:
            server.up()
        yield
    finally:
        for server in reversed(both):
            server.down()


def _children_file(pid: int) -> Path:
    return Path(f"/proc/{pid}/task/{pid}/children")


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
