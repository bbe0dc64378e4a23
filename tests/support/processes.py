"""Real processes of Bursar for a test: their environment, their start and their state."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import requests

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
TIMEOUT_S = 180  # of any wait: a busy machine may be ten times slower, and only a failing test waits so long
RUNTIME_ONLY = "DATABASE_OWNER_URL DATABASE_RELAY_URL DATABASE_BACKUP_URL"


@pytest.fixture
def environment(database_name: str) -> dict[str, str]:
    """What a process of production would know, for this test's database."""
    known = dict(os.environ)
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_RELAY_URL", "DATABASE_BACKUP_URL"):
        known[name] = re.sub(r"/[^/]*$", f"/{database_name}", known[name])
    return known


@pytest.fixture
def port() -> int:
    return free_port()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


@contextlib.contextmanager
def home_of_servers() -> Iterator[Path]:
    """Not `tmp_path`: under root that is closed to the account that the servers run as."""
    home = Path(tempfile.mkdtemp(prefix="bursar-"))
    home.chmod(0o755)
    yield home
    shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def running(
    environment: dict[str, str], *command: str, without: str = "", ended_by: int = signal.SIGKILL
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs `python -m command` until the block ends, then ends its process group by `ended_by`. The graceful stop of
    a worker takes four seconds."""
    env = {name: value for name, value in environment.items() if name not in without.split()}
    process = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=env, start_new_session=True)
    try:
        yield process
    finally:
        os.killpg(process.pid, ended_by)
        process.wait(TIMEOUT_S)


def handles_sigterm(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process has come so far as to end itself on SIGTERM: before, the signal kills it."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:")).split()[1]
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def worker(
    environment: dict[str, str], queue: str
) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    return running(
        environment,
        "celery",
        "-A",
        "config",
        "worker",
        "-Q",
        queue,
        "-c",
        "1",
        "-n",
        f"{queue}@test",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
        "-l",
        "WARNING",
        without=RUNTIME_ONLY,
    )


def responds(address: str) -> bool:
    with contextlib.suppress(requests.RequestException):  # the port may be open before the server is ready
        return requests.get(address, timeout=5).ok
    return False


def eventually(condition: Callable[[], T | None], timeout_s: float = TIMEOUT_S) -> T:
    """The first true result of the condition."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.05)
    raise AssertionError("it did not come to pass")
