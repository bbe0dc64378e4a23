"""The statement of an account as a page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.palette import page_number
from apps.console.widgets import Form
from apps.kernel.db.replica import reads_from_replica
from apps.kernel.money import Money
from apps.kernel.notation.form_fields import DayField
from apps.kernel.notation.shown import shown_day
from apps.ledger import queries
from apps.ledger.flag_declarations import ACCOUNT_STATEMENT
from apps.ledger.models import Account
from apps.ledger.queries.statements import LINES_PER_PAGE, Statement

VIEW = "ledger.view_entry"


class Span(Form):
    """The account by its code, and the days."""

    account = forms.ModelChoiceField(
        label=_("Account"), queryset=Account.objects.order_by("code"), to_field_name="code"
    )
    since = DayField(label=_("From"), required=False)
    until = DayField(label=_("To"), required=False)


@reads_from_replica
def account_statement(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    form = Span(request.GET if request.GET.keys() & Span.base_fields.keys() else None)
    page: dict[str, Any] = {"form": form}
    if form.is_valid():
        chosen: dict[str, Any] = form.cleaned_data
        number = page_number(request.GET.get("page", "1"))
        statement = queries.account_statement(
            chosen["account"], chosen["since"], chosen["until"], page=number
        )
        page |= _shown(statement, chosen) | {"pages": _pages(request, statement, number)}
    status = 422 if form.is_bound and form.errors else 200
    return TemplateResponse(request, "ledger/account_statement.html", context | page, status=status)


def _shown(statement: Statement, chosen: dict[str, Any]) -> dict[str, Any]:
    return {
        "account": chosen["account"],
        "statement": statement,
        "balance_rows": [
            [_text(balance.opening), _text(balance.debit), _text(balance.credit), _text(balance.closing)]
            for balance in statement.balances
        ],
        "line_rows": [
            [
                (shown_day(line.posted_on), ""),
                (line.entry, reverse("admin:ledger_entry_change", args=[line.entry_id])),
                (line.memo, ""),
                _text(line.amount),
                _text(line.balance),
            ]
            for line in statement.lines
        ],
        "balance_headers": (gettext("Opening"), gettext("Debit"), gettext("Credit"), gettext("Closing")),
        "line_headers": (
            gettext("Date"),
            gettext("Entry"),
            gettext("Memo"),
            gettext("Amount"),
            gettext("Balance"),
        ),
    }


def _text(amount: Money) -> tuple[str, str]:
    return str(amount), ""


def _pages(request: HttpRequest, statement: Statement, number: int) -> dict[str, Any]:
    """Links to the neighbours of a page of lines."""
    last = max(1, -(-statement.count // LINES_PER_PAGE))

    def link(page: int) -> str:
        return "?" + urlencode({**request.GET.dict(), "page": page})

    return {
        "number": number,
        "last": last,
        "previous": link(min(number - 1, last)) if number > 1 else "",
        "next": link(number + 1) if number < last else "",
    }


hooks.plug(
    "tenant",
    hooks.Page(
        path="ledger/account-statement/",
        name="account_statement",
        title=_("Account statement"),
        permission=VIEW,
        view=account_statement,
        flag=ACCOUNT_STATEMENT,
        group=_("Accounting"),
        icon="receipt",
    ),
)
