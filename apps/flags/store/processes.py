"""Which process serves which epoch. Each long-running process registers itself in Redis, and reports on every change.

An entry of a process that ends is removed by itself, or by another process of its machine; of a machine that is gone it
expires. A process that is stopped has an entry and makes no report, so it is named as missing.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import redis
from django.apps import apps
from django.conf import settings
from django.db import connections
from django.utils.module_loading import import_string

from apps.kernel.cache import pubsub, stamps
from apps.kernel.cache.keys import tenant_cache_key
from apps.kernel.cache.redis_client import client
from apps.kernel.tenant import activate, current_tenant

from . import counts, freshness, providers

HEARTBEAT_S = 5.0
EXPIRES_AFTER_S = 900
RETRY_AFTER_S = 0.05
MAX_RETRIES = 200
"""Of a report for a change whose stamp has not arrived yet: together 10 s, after which a process is missing."""
PROCESSES = tenant_cache_key("flags:processes", pubsub.PLATFORM)
log = logging.getLogger("bursar.flags")


@dataclass(frozen=True)
class Process:
    """A registered process. `namespace` distinguishes kernels whose node has the same name.

    seen_at  of its latest report, in seconds since 1970
    """

    id: str
    kind: str
    node: str
    pid: int
    namespace: str
    started_at: float
    seen_at: float


class Reporter:
    """Registers this process, and reports the epochs that it serves. Its thread also exports the counts."""

    def __init__(self) -> None:
        self._pid: int | None = None
        self._ended = threading.Event()

    def start(self, kind: str) -> None:
        """Once in each process, also after a fork."""
        if self._pid == os.getpid():
            return
        self._pid, self._ended = os.getpid(), threading.Event()
        self._id, self._kind, self._started_at = secrets.token_hex(8), kind, time.time()
        threading.Thread(target=self._run, name="flags-reports", daemon=True).start()
        atexit.register(self.stop)

    def stop(self) -> None:
        """Removes the entry of this process, which ends."""
        if self._pid == os.getpid():
            self._ended.set()
            with contextlib.suppress(redis.RedisError):
                client().hdel(PROCESSES, self._id)
            counts.export()

    def _run(self) -> None:
        while not apps.ready:
            time.sleep(RETRY_AFTER_S)
        listener = pubsub.subscribe(freshness.CHANNEL, self._take, connected=self._register)
        while not self._ended.wait(HEARTBEAT_S):
            self._register()
            self._export()
        listener.close()

    def _register(self) -> None:
        try:
            if not self._ended.is_set():
                self._write()
                remove_ended()
                self._report(pubsub.PLATFORM, {})
        except redis.RedisError as error:
            log.warning("The report of served flags was not stored: %s", error)

    def _export(self) -> None:
        with activate(None):
            counts.export()
        connections.close_all()

    def _write(self) -> None:
        entry = Process(
            *(self._id, self._kind, node(), os.getpid(), namespace(), self._started_at, time.time())
        )
        with client().pipeline(transaction=False) as pipe:
            pipe.hset(PROCESSES, self._id, json.dumps(asdict(entry)))
            pipe.expire(PROCESSES, EXPIRES_AFTER_S)
            pipe.execute()

    def _take(self, message: pubsub.Message) -> None:
        """A change was committed. The stamp arrives through a channel of its own, so this may have to wait for it."""
        for _ in range(MAX_RETRIES):
            if self._ended.is_set() or self._report(message.tenant, message.payload):
                return
            time.sleep(RETRY_AFTER_S)

    def _report(self, owner: str, change: dict[str, Any]) -> bool:
        """Whether this process serves the change; then that is stored."""
        with _working_for(owner):
            epoch = served_epoch(change.get("name", ""), change.get("stamp"), change.get("epoch", 0))
        if epoch is None or epoch < change.get("epoch", 0):
            return False
        self._note(served_key(owner), epoch)
        return True

    def _note(self, key: str, epoch: int) -> None:
        """With the time of the first report of this epoch."""
        noted = client().hget(key, self._id) or b""
        if noted.partition(b":")[0] != str(epoch).encode():
            client().hset(key, self._id, f"{epoch}:{time.time()}")
        client().expire(key, EXPIRES_AFTER_S)


REPORTER = Reporter()


def served_epoch(name: str, stamp: str | None, epoch: int) -> int | None:
    """The epoch that this process serves for the current tenant; None if that is not certain.

    What is not in memory is loaded at the next evaluation, and is current as soon as the stamp is."""
    if stamp and stamps.STAMPS.known(name) not in (None, stamp):
        return None
    provider = providers.current()
    try:
        if provider.epoch_of(current_tenant()) is not None or current_tenant() is None:
            provider.view()
    except Exception as error:
        log.warning("Flags could not be loaded: %s", error)
    held = provider.epoch_of(current_tenant())
    return epoch if held is None else held


def served_key(owner: str) -> str:
    return tenant_cache_key("flags:served", owner)


def registered() -> list[Process]:
    """All processes. Raises redis.RedisError."""
    entries = client().hgetall(PROCESSES).values()
    return sorted(
        (Process(**json.loads(entry)) for entry in entries), key=lambda one: (one.kind, one.node, one.pid)
    )


def remove_ended() -> None:
    """The entries of processes of this machine that have ended, and of those not seen for a long time."""
    gone = [process.id for process in registered() if _has_ended(process)]
    if gone:
        client().hdel(PROCESSES, *gone)


def _has_ended(process: Process) -> bool:
    if (process.node, process.namespace) == (node(), namespace()):
        return (
            not Path(f"/proc/{process.pid}").exists()
            if Path("/proc/self").exists()
            else not _runs(process.pid)
        )
    return time.time() - process.seen_at > EXPIRES_AFTER_S


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def node() -> str:
    return socket.gethostname()


def namespace() -> str:
    try:
        return str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:
        return ""


@contextlib.contextmanager
def _working_for(owner: str) -> Iterator[None]:
    """The tenant with this id, or the platform. Connections are closed: such work is rare."""
    with activate(None):
        tenant = None if owner == pubsub.PLATFORM else import_string(settings.TENANT_BY_ID)(int(owner))
        try:
            with activate(tenant):
                yield
        finally:
            connections.close_all()
