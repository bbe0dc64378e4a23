"""`python -m tests.soak`: one run. The same seed draws the same blows and the same business, though not the same races.

Exit codes: 0 nothing was lost, doubled or stuck; 1 something was.
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

from config.embedded.home import MEMORY, has_room
from config.env import put
from config.up.terminal import say

from .house import SETTINGS, House, servers

OTHERS = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_RELAY_URL", "REDIS_URL", "BROKER_URL")


def main() -> int:
    given = _arguments()
    say(f"seed {given.seed}, {given.seconds:.0f} s", "soak")
    home = Path(tempfile.mkdtemp(prefix="bursar-soak-", dir=MEMORY if has_room(MEMORY) else None))
    home.chmod(0o755)  # PostgreSQL may run as somebody else
    faults: Sequence[str] = ["It broke off."]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and take everything down
    try:
        _live_in(home)
        faults = _soak(home, given.seed, given.seconds)
    finally:
        if faults or given.keep_logs:
            _keep_logs(home, given.seed)
        shutil.rmtree(home, ignore_errors=True)
    for fault in faults:
        say(fault, "FAULT")
    say(
        f"{len(faults)} faults with seed {given.seed}" if faults else "nothing lost, doubled or stuck", "soak"
    )
    return 1 if faults else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="how long the house is beaten (300)")
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(1_000_000), help="of blows and business"
    )
    parser.add_argument("--keep-logs", action="store_true", help="also when nothing is wrong")
    return parser.parse_args()


def _live_in(home: Path) -> None:
    """With nothing of another house, and before Django reads its settings."""
    for each in OTHERS:
        os.environ.pop(each, None)
    put(
        django_settings_module=SETTINGS,
        bursar_home=str(home),
        files_url=f"file://{home}/files",
        port=str(_free_port()),
        log_level="WARNING",
    )


def _soak(home: Path, seed: int, seconds: float) -> Sequence[str]:
    house = House(home, random.Random(f"{seed}/house"))
    with servers(house):
        put(**house.postgres.addresses(), **house.valkey.addresses())
        import django

        django.setup()
        from .run import run

        return run(house, seed, seconds)


def _keep_logs(home: Path, seed: int) -> None:
    kept = Path(tempfile.gettempdir(), f"bursar-soak-{seed}")
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(home / "logs", kept)
    shutil.copy(home / "dev" / "postgres" / "server.log", kept / "postgres.log")
    say(f"the logs are in {kept}", "soak")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


if __name__ == "__main__":
    sys.exit(main())
