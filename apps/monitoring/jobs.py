"""The export of the audit log as a CSV file."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from apps.audit import export, queries
from apps.audit.filters import RecordFilter
from apps.jobs.csv_export import CsvExport, Page


class AuditExport(CsvExport, name="monitoring.audit_export"):
    """Records up to `last_id` that the filters match."""

    title = _("Export of the audit log")
    permission = "audit.view_record"
    header = export.COLUMNS
    file_name = "audit-log.csv"
    page_size: ClassVar[int] = 2_000

    def count(self) -> int:
        return int(self._records().count())

    def page(self, cursor: int | None) -> Page:
        following = self._records().filter(pk__gt=cursor or 0).order_by("pk")
        rows = [*following.values_list(*export.COLUMNS)[: self.page_size]]
        return Page(rows, cursor=rows[-1][0] if rows else None, items=len(rows))

    def _records(self) -> Any:
        filters = RecordFilter(self.parameters["filters"], queryset=queries.records())
        return filters.qs.filter(pk__lte=self.parameters["last_id"])
