"""What gunicorn does besides, when it loads the application once and forks its workers from it."""

import os
from pathlib import Path


def when_ready(server: object) -> None:
    """Nobody inherits the connection with which the settings were checked."""
    from django.db import connections

    connections.close_all()


def post_fork(server: object, worker) -> None:
    """Say who serves."""
    note = Path(os.environ["SERVED_BY"])
    unfinished = note.with_suffix(".unfinished")
    unfinished.write_text(str(worker.pid))
    unfinished.rename(note)
