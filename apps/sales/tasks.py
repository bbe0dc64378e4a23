"""Scheduled tasks of sales."""

from __future__ import annotations

from django.utils.translation import gettext

from apps.bus import dispatch
from apps.kernel.listing import listed
from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import LowTask
from apps.notices import queries as notices
from apps.notices.commands import SendAnnouncement
from apps.settings.business_day import business_day

from . import documents

INTERVAL_S = 3600
MAX_INVOICES_LISTED = 20
RECIPIENTS = ("owner", "accountant")


@every(seconds=INTERVAL_S, base=LowTask, name="sales.report_failed_documents", where="tenants")
def report_failed_documents() -> None:
    """Notify owners and accountants of documents that all automatic attempts failed to make: one notice a day."""
    key = f"documents_failed:{business_day()}"
    failed = documents.without_attempts_left()
    if not failed or notices.notice_with_key(key):
        return
    lines = [f"{invoice}: {invoice.failure}" for invoice in failed]
    command = SendAnnouncement(
        kind=documents.FAILED.name,
        subject=gettext("Invoices without a document: {count}").format(count=len(failed)),
        text=gettext(
            "These documents could not be made. Their pages have a button to retry.\n\n{invoices}"
        ).format(invoices=listed(lines, MAX_INVOICES_LISTED, "\n")),
        to=RECIPIENTS,
        key=key,
    )
    dispatch(command, actor=documents.ACTOR)
