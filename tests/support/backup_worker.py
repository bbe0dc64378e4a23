"""A backup worker's process that gets a signal at a chosen place."""

from __future__ import annotations

import subprocess
import sys

BACKUP_WORKER = """
import os, sys, django
from django.core.management import execute_from_command_line
from django.utils.module_loading import import_string
django.setup()
where, when, blow = sys.argv[1:]
owner, _, leaf = f"apps.tenancy.transfer.{where}".rpartition(".")
whole = import_string(f"{owner}.{leaf}")
def hurt(*args, **kwargs):
    if when == "before":
        os.kill(os.getpid(), int(blow))
    result = whole(*args, **kwargs)
    os.kill(os.getpid(), int(blow))
    return result
setattr(sys.modules[owner], leaf, hurt)
execute_from_command_line(["manage.py", "backup_worker"])
"""


def hurt(environment, where, when, blow):
    """`manage.py backup_worker`, which gets this signal there."""
    kept_from = ("DATABASE_OWNER_URL", "DATABASE_RELAY_URL")
    return subprocess.run(
        [sys.executable, "-c", BACKUP_WORKER, where, when, str(int(blow))],
        env={name: value for name, value in environment.items() if name not in kept_from},
        capture_output=True,
        timeout=120,
        check=False,
    )
