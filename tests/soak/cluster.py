"""All processes of `make up` on separate servers, several of each kind where that is supported.

Each can be killed in several ways, and is restarted as `make up` does it, after the remaining children are killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psycopg
import redis
import requests

from apps.kernel.observability import metrics
from config import embedded
from config.embedded.errors import CannotStart
from config.embedded.home import CHECKOUT
from config.embedded.postgres import Postgres
from config.embedded.server import Server
from config.embedded.valkey import Valkey
from config.env import env
from config.up import plan
from config.up.process import Process, end_with_parent

SETTINGS = "tests.soak.settings"
START_TIMEOUT_S = 120.0
DOWNTIME_S = (0.2, 2.5)
"""Shortest and longest time until a killed process is restarted."""
CHILD_LOSS_GRACE_S = 10.0
"""A process may exit within this time after the loss of its child: Celery does so during its start."""


@dataclass
class Member:
    """One process of the cluster."""

    plan: Process
    log: Path
    popen: subprocess.Popen[bytes] | None = None
    restart_at: float | None = None
    child_killed_at: float = float("-inf")

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
        """The child processes of a worker or of the web server."""
        if not self.popen:
            return []
        with suppress(OSError):
            return [int(pid) for pid in _children_file(self.popen.pid).read_text().split()]
        return []

    def start(self) -> None:
        self.restart_at = None
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                [*self.plan.command],
                cwd=CHECKOUT,
                env={**self.plan.environment, "DJANGO_SETTINGS_MODULE": SETTINGS},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )

    def kill(self) -> None:
        """Kill the process with all its children, as when memory runs out."""
        self._end_group()

    def kill_leader(self) -> None:
        """Kill the process without its children."""
        if self.popen:
            self.popen.kill()
            self.popen.wait()

    def kill_child(self) -> None:
        """Kill one child; the leader must replace it."""
        self.child_killed_at = time.monotonic()
        for child in self.children[:1]:
            _kill(child)

    def stop(self, seconds: float = 10) -> None:
        if self.popen and self.running:
            self.popen.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.popen.wait(seconds)
        self._end_group()

    def restart(self) -> None:
        self._end_group()
        self.start()

    def _end_group(self) -> None:
        if self.popen:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()


@dataclass
class Cluster:
    """`unexpected_exits` lists processes that exited without being killed, with their exit codes."""

    home: Path
    random: Random
    unexpected_exits: list[str] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    _busy: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        storage = embedded.home("dev")
        # It loses all data with each kill: the loss of the broker may delay work, and nothing else.
        self.valkey: Server = Valkey(storage, "test")
        # Committed data survives: fsync and synchronous_commit are on.
        self.postgres: Server = Postgres(storage, "dev")
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
        self.members = [Member(process, self.logs / f"{process.name}.log") for process in planned]

    def start_all(self) -> None:
        """Start all processes, and wait until the web server is up and every queue has a worker."""
        for member in self.members:
            member.start()
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.is_up():
            self.supervise()
            if time.monotonic() > deadline:
                raise AssertionError(f"The cluster did not start within {START_TIMEOUT_S:.0f} s: {self.logs}")
            time.sleep(0.2)

    def close(self) -> None:
        for member in self.members:
            if member.popen and member.running:
                member.popen.terminate()
        for member in self.members:
            member.stop()

    def is_up(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(f"{self.address}/healthz", timeout=5).ok
        return False

    def supervise(self) -> None:
        """Restart killed processes after their downtime, and record unexpected exits."""
        for member in self.members:
            if member.running:
                continue
            if member.restart_at is None:
                member.restart_at = time.monotonic() + 1
                if time.monotonic() - member.child_killed_at > CHILD_LOSS_GRACE_S:
                    self.unexpected_exits.append(f"{member.name} exited unexpectedly with {member.exit_code}")
            elif time.monotonic() >= member.restart_at:
                member.restart()

    def is_complete(self) -> bool:
        return not self._busy and all(member.running for member in self.members)

    def named(self, name: str) -> Member:
        return next(member for member in self.members if member.name == name)

    # Failures

    def kill_member(self, member: Member, kill: Callable[[], None]) -> None:
        if member.running:
            kill()
        if not member.running:
            member.restart_at = time.monotonic() + self.random.uniform(*DOWNTIME_S)

    def kill_server(self, server: Server) -> None:
        """Kill a whole server and restart it after its downtime."""
        if server.name in self._busy:
            return
        self._busy.add(server.name)
        _kill(server.state.pid)
        downtime_s = self.random.uniform(*DOWNTIME_S)
        threading.Thread(target=self._restart_server, args=[server, downtime_s], daemon=True).start()

    def kill_backend(self) -> None:
        """Kill one backend of PostgreSQL, which then closes all connections and recovers."""
        with (
            suppress(psycopg.Error),
            psycopg.connect(str(env().database_relay_url), connect_timeout=2) as connection,
        ):
            pids = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchall()
            if pids:
                _kill(self.random.choice(sorted(pids))[0])

    def flush(self) -> None:
        with (
            suppress(redis.RedisError),
            redis.Redis.from_url(str(env().redis_url), socket_timeout=2) as client,
        ):
            client.flushall()

    def _restart_server(self, server: Server, downtime_s: float) -> None:
        time.sleep(downtime_s)
        try:
            server.up()
        except CannotStart:
            server.up()
        finally:
            self._busy.discard(server.name)


@contextmanager
def servers(cluster: Cluster) -> Iterator[None]:
    """Separate PostgreSQL and Valkey servers for this run."""
    both: Sequence[Server] = (cluster.postgres, cluster.valkey)
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
