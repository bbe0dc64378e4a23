"""Files of a job in the object store, in a folder of its own: parts of stages, and the result.

A file is stored before the transaction of its step commits. A killed worker leaves a file that no row names, which is
removed with the folder.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterable

from django.core.files.base import ContentFile, File

from apps.kernel.clock import now
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.files.store import files

from .errors import ResultNotAvailable
from .models import RETENTION, Run

log = logging.getLogger(__name__)


def add_part(run: Run, content: str) -> None:
    """Stored with the next commit of the step."""
    name = f"{run.folder}/part-{len(run.parts) + 1}.txt"
    run.parts = [*run.parts, files().save(name, ContentFile(content.encode()))]


def join_parts(run: Run, file_name: str, *, head: str = "") -> None:
    """The parts in their order, behind `head`, are the result."""
    with tempfile.TemporaryFile() as joined:
        joined.write(head.encode())
        for part in run.parts:
            with files().open(part) as content:
                shutil.copyfileobj(content, joined)
        joined.seek(0)
        run.result = files().save(f"{run.folder}/{file_name}", File(joined))


def link(run: Run) -> str:
    """An expiring link that downloads the result as an attachment. Raises ResultNotAvailable."""
    if not run.has_result:
        raise ResultNotAvailable(job=run, days=RETENTION.days)
    return files().url(run.result)


def remove_parts(run: Run) -> None:
    """All files but the result."""
    _remove(run, but=run.result)


def purge() -> int:
    """Removes the files of jobs that ended before the retention. Returns the number of jobs."""
    expired = Run.objects.filter(finished_at__lt=now() - RETENTION).exclude(result="", parts=[])
    for run in expired:
        _remove(run)
        with unit_of_work():
            Run.objects.filter(pk=run.pk).update(result="", parts=[])
    return len(expired)


def _remove(run: Run, but: str = "") -> None:
    for name in _names(run):
        if name != but:
            files().delete(name)


def _names(run: Run) -> Iterable[str]:
    _, names = files().listdir(run.folder)
    return [f"{run.folder}/{name}" for name in names]
