"""A job whose result is a CSV file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from apps.kernel.csv_lines import csv_lines

from . import results
from .declaration import Job, Step


@dataclass(frozen=True)
class Page:
    """A page of the file.

    cursor  behind the last row; None ends the file
    items   as `count()` counts them: rows, or what has several rows
    """

    rows: Sequence[Sequence[Any]]
    cursor: Any
    items: int


class CsvExport(Job, ABC):
    """Reads pages of rows and stores each as a part; the last step joins them."""

    stages = {"collect": _("Collect rows"), "join": _("Write the file")}
    header: ClassVar[tuple[str, ...]]
    file_name: ClassVar[str]

    @abstractmethod
    def count(self) -> int:
        """The number of items in the file, as `Page` counts them."""

    @abstractmethod
    def page(self, cursor: Any) -> Page:
        """The rows behind the cursor, in a stable order."""

    def total(self, stage: str) -> int:
        return self.count() if stage == "collect" else len(self.run.parts)

    def collect(self, cursor: Any) -> Step:
        page = self.page(cursor)
        if page.rows:
            results.add_part(self.run, "".join([*csv_lines(self.header, page.rows)][1:]))
        return Step(cursor=page.cursor, done=page.items)

    def join(self, cursor: Any) -> Step:
        (head,) = csv_lines(self.header, ())
        results.join_parts(self.run, self.file_name, head=head)
        return Step(cursor=None, done=len(self.run.parts))
