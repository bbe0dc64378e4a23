"""PgBouncer before the suite's PostgreSQL, for tests that request it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from apps.kernel.db.request_transactions import OfTenants

CONNECTIONS = 3
START_TIMEOUT_S = 120.0


@pytest.fixture(scope="session")
def pgbouncer() -> Iterator[int]:
    """The port of PgBouncer."""
    try:
        with pooling(connections.settings["default"]) as port:
            yield port
    except LookupError as reason:
        pytest.skip(str(reason))


@contextmanager
def pooling(server: Mapping[str, Any]) -> Iterator[int]:
    """The port of a PgBouncer in transaction mode, with three connections to the server. Raises LookupError if
    PgBouncer is not installed."""
    program = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
    if program is None:
        raise LookupError("there is no pgbouncer here")
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # under root it runs as another user
        users, ini = Path(folder, "users.txt"), Path(folder, "pgbouncer.ini")
        users.write_text(f'"{server["USER"]}" "{server["PASSWORD"]}"\n')
        ini.write_text(
            f"[databases]\n* = host={server['HOST']} port={server['PORT']}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = scram-sha-256\nauth_file = {users}\n"
            f"pool_mode = transaction\ndefault_pool_size = {CONNECTIONS}\nmax_client_conn = 200\n"
        )
        command = [program, *(("-u", "nobody") if os.geteuid() == 0 else ()), "-q", str(ini)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.wait()


@pytest.fixture
def behind_pgbouncer(
    physical_copy: None, db: None, pgbouncer: int, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """As with DATABASE_POOLER=transaction."""
    yield from _through(pgbouncer, monkeypatch, declared=True)


@pytest.fixture
def behind_undeclared_pgbouncer(
    physical_copy: None, db: None, pgbouncer: int, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Without DATABASE_POOLER: a misconfiguration."""
    yield from _through(pgbouncer, monkeypatch, declared=False)


def _through(port: int, monkeypatch: pytest.MonkeyPatch, *, declared: bool) -> Iterator[None]:
    for alias in ("default", "control"):
        known = connections.settings[alias]
        connections[alias].close()
        monkeypatch.setitem(known, "PORT", str(port))
        monkeypatch.setitem(known, "TENANCY", known["TENANCY"] | {"pooled": declared})
        monkeypatch.setitem(known, "DISABLE_SERVER_SIDE_CURSORS", True)
    monkeypatch.setitem(
        connections.settings["default"], "ATOMIC_REQUESTS", OfTenants() if declared else False
    )
    yield
    for alias in ("default", "control"):
        connections[alias].close()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise LookupError("pgbouncer does not start here")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
