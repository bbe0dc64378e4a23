"""Hooks of a gunicorn that preloads the application and forks its workers."""

import os
from pathlib import Path


def when_ready(server: object) -> None:
    """Closes the connection of the system checks, so that no worker inherits it."""
    from django.db import connections

    connections.close_all()


def post_fork(server: object, worker) -> None:
    """Writes the pid of the worker to the file SERVED_BY."""
    note = Path(os.environ["SERVED_BY"])
    unfinished = note.with_suffix(".unfinished")
    unfinished.write_text(str(worker.pid))
    unfinished.rename(note)
