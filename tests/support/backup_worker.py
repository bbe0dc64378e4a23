"""A backup worker process that sends itself a signal at a chosen function."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

BACKUP_WORKER = """
import os, sys, django
from django.core.management import execute_from_command_line
from django.utils.module_loading import import_string
django.setup()
where, when, number = sys.argv[1:]
owner, _, leaf = f"apps.backups.{where}".rpartition(".")
original = import_string(f"{owner}.{leaf}")
def interrupted(*args, **kwargs):
    if when == "before":
        os.kill(os.getpid(), int(number))
    result = original(*args, **kwargs)
    os.kill(os.getpid(), int(number))
    return result
setattr(sys.modules[owner], leaf, interrupted)
execute_from_command_line(["manage.py", "backup_worker"])
"""


def run_with_signal(
    environment: Mapping[str, str], where: str, when: str, number: int
) -> subprocess.CompletedProcess[bytes]:
    """Runs `manage.py backup_worker`, which gets the signal before or after that function."""
    removed = ("DATABASE_OWNER_URL", "DATABASE_RELAY_URL")
    return subprocess.run(
        [sys.executable, "-c", BACKUP_WORKER, where, when, str(int(number))],
        env={name: value for name, value in environment.items() if name not in removed},
        capture_output=True,
        timeout=120,
        check=False,
    )
