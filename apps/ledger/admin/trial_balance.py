"""The trial balance as a page and as CSV."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.errors import FilterMalformed
from apps.kernel.csv_lines import CONTENT_TYPE, csv_lines
from apps.kernel.db.replica import reads_from_replica
from apps.kernel.errors import Refusal
from apps.kernel.notation import parse_day
from apps.ledger import queries
from apps.ledger.flag_declarations import TRIAL_BALANCE
from apps.ledger.models import Account

VIEW = "ledger.view_entry"
COLUMNS = ("month", "code", "account", "type", "currency", "opening", "debit", "credit", "closing")


@reads_from_replica
def trial_balance(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    """From `since` to `until`, for all accounts, or with `accounts=result` for those of income and expense, whose
    total is the result."""
    by: Literal["month", "total"] = "month" if request.GET.get("by") == "month" else "total"
    since, until = (_day(request.GET.get(name, "")) for name in ("since", "until"))
    rows = queries.trial_balance(by=by, since=since, until=until)
    is_result = request.GET.get("accounts") == "result"
    if is_result:
        rows = [row for row in rows if row.type in (Account.Type.INCOME, Account.Type.EXPENSE)]
    if request.GET.get("format") == "csv":
        return _csv(rows)
    page = {
        "rows": rows,
        "by": by,
        "since": since,
        "until": until,
        "is_result": is_result,
        "filter": _filter(request),
        "totals": _totals(rows),
    }
    return TemplateResponse(request, "ledger/trial_balance.html", context | page)


def _day(text: str) -> dt.date | None:
    """Raises FilterMalformed."""
    try:
        return parse_day(text) if text else None
    except Refusal as refusal:
        raise FilterMalformed from refusal


def _filter(request: HttpRequest) -> str:
    """The filter of the page, for its links."""
    chosen = {name: request.GET[name] for name in ("since", "until", "accounts") if request.GET.get(name)}
    return f"&{urlencode(chosen)}" if chosen else ""


def _totals(rows: Sequence[queries.TrialBalanceRow]) -> Sequence[tuple[str, Decimal, Decimal, Decimal]]:
    """Currency, debit, credit, and credit less debit, which of income and expense is the result."""
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for row in rows:
        debit, credit = sums.get(row.currency, (Decimal(0), Decimal(0)))
        sums[row.currency] = (debit + row.debit, credit + row.credit)
    return [(iso, debit, credit, credit - debit) for iso, (debit, credit) in sorted(sums.items())]


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
        degradable=TRIAL_BALANCE,
        group=_("Accounting"),
        icon="balance",
    ),
)
