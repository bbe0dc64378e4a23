"""The trial balance as a page and as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.kernel.csv_lines import CONTENT_TYPE, csv_lines
from apps.kernel.db.replica import reads_from_replica
from apps.ledger import queries

VIEW = "ledger.view_entry"
COLUMNS = ("month", "code", "account", "type", "currency", "opening", "debit", "credit", "closing")


@reads_from_replica
def trial_balance(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    by: Literal["month", "total"] = "month" if request.GET.get("by") == "month" else "total"
    rows = queries.trial_balance(by=by)
    if request.GET.get("format") == "csv":
        return _csv(rows)
    return TemplateResponse(request, "ledger/trial_balance.html", context | {"rows": rows, "by": by})


def _csv(rows: Sequence[queries.TrialBalanceRow]) -> HttpResponse:
    values = ([getattr(row, column) for column in COLUMNS] for row in rows)
    return HttpResponse(
        csv_lines(COLUMNS, values),
        content_type=CONTENT_TYPE,
        headers={"Content-Disposition": 'attachment; filename="trial-balance.csv"'},
    )


hooks.plug(
    "tenant",
    hooks.Page(
        path="ledger/trial-balance/",
        name="trial_balance",
        title=_("Trial balance"),
        permission=VIEW,
        view=trial_balance,
        group=_("Accounting"),
        icon="balance",
    ),
)
