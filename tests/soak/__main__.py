"""`python -m tests.soak`: one run. A seed determines the failures and the operations, but not the interleaving.

Exit codes: 0 no faults, 1 faults.
"""

from __future__ import annotations

import argparse
import os
import random
import secrets
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from config.embedded import provide_keys
from config.embedded.home import MEMORY, has_free_memory
from config.env import put
from config.up.terminal import write_line

from .cluster import SETTINGS, Cluster, servers

FOREIGN_SETTINGS = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_RELAY_URL", "REDIS_URL", "BROKER_URL")


def main() -> int:
    arguments = _arguments()
    write_line(f"seed {arguments.seed}, {arguments.seconds:.0f} s", "soak")
    home = Path(tempfile.mkdtemp(prefix="bursar-soak-", dir=MEMORY if has_free_memory(MEMORY) else None))
    home.chmod(0o755)  # PostgreSQL may run as another user
    faults: Sequence[str] = ["The run was aborted."]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # runs the cleanup below
    try:
        _configure(home)
        faults = _soak(home, arguments.seed, arguments.seconds)
    finally:
        if faults or arguments.save_logs:
            _save_logs(home, arguments.seed)
        shutil.rmtree(home, ignore_errors=True)
    for fault in faults:
        write_line(fault, "FAULT")
    write_line(f"{len(faults)} faults with seed {arguments.seed}" if faults else "no faults", "soak")
    return 1 if faults else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="duration of the load with failures (300)")
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(1_000_000), help="of failures and operations"
    )
    parser.add_argument("--save-logs", action="store_true", help="also without faults")
    return parser.parse_args()


def _configure(home: Path) -> None:
    """Replace the settings of any other installation, before Django reads them."""
    for name in FOREIGN_SETTINGS:
        os.environ.pop(name, None)
    put(
        django_settings_module=SETTINGS,
        bursar_home=str(home),
        files_url=f"file://{home}/files",
        port=str(_free_port()),
        log_level="WARNING",
    )
    provide_keys()


def _soak(home: Path, seed: int, seconds: float) -> Sequence[str]:
    cluster = Cluster(home, random.Random(f"{seed}/cluster"))
    with servers(cluster):
        put(**cluster.postgres.addresses(), **cluster.valkey.addresses())
        import django

        django.setup()
        from .run import run

        return run(cluster, seed, seconds)


def _save_logs(home: Path, seed: int) -> None:
    folder = Path(tempfile.gettempdir(), f"bursar-soak-{seed}")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(home / "logs", folder)
    shutil.copy(home / "dev" / "postgres" / "server.log", folder / "postgres.log")
    write_line(f"the logs are in {folder}", "soak")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


if __name__ == "__main__":
    sys.exit(main())
