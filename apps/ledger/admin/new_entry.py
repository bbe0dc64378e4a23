"""The form for a new entry and its lines."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.forms import formset_factory
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import dispatch_once
from apps.companies import queries as companies
from apps.console import hooks
from apps.console.admin import key_of
from apps.console.chosen_codes import code_of
from apps.console.widgets import Form
from apps.kernel.errors import Refusal
from apps.kernel.notation.form_fields import AmountField, DayField
from apps.ledger.commands import DraftEntry, Line, PostEntry
from apps.ledger.models import Account, Entry, Journal
from apps.settings.business_day import business_day


class Head(Form):
    posted_on = DayField(label=_("Date"), initial=business_day)
    journal = forms.ChoiceField()
    memo = forms.CharField(max_length=400)
    payee = forms.CharField(max_length=200, required=False)
    reference = forms.CharField(max_length=120, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("journal", [(journal.code, str(journal)) for journal in Journal.objects.all()])


class LineForm(Form):
    account = forms.CharField(required=False)
    currency = forms.CharField(required=False, max_length=3)
    debit = AmountField(required=False)
    credit = AmountField(required=False)

    def clean_account(self) -> str:
        return code_of(self.cleaned_data["account"], Account.objects.all())

    def clean(self) -> dict[str, Any]:
        fields = self.cleaned_data
        debit, credit = fields.get("debit") or Decimal(0), fields.get("credit") or Decimal(0)
        is_one_side = bool(debit) != bool(credit) or {"debit", "credit"} & self.errors.keys()
        if fields.get("account") and not is_one_side:
            raise forms.ValidationError(gettext("A line needs either a debit or a credit."))
        if not fields.get("account") and (debit or credit):
            raise forms.ValidationError(gettext("A line with an amount needs an account."))
        fields["amount"] = debit - credit
        return fields

    def line(self) -> Line | None:
        fields = self.cleaned_data
        if not fields.get("account"):
            return None
        return Line(
            account=fields["account"],
            currency=fields["currency"],
            amount=fields["amount"],
        )


LineForms = formset_factory(LineForm, extra=0)


class NewEntry:
    """Saves a draft or posts the entry, depending on the button."""

    def __call__(self, request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
        data = request.POST if request.method == "POST" else None
        head, lines = Head(data), LineForms(data, initial=_blank())
        refusals: Sequence[Refusal] = ()
        if request.method == "POST" and head.is_valid() and lines.is_valid():
            try:
                entry = self._write(request, head, lines)
            except Refusal as refusal:
                refusals = refusal.refusals
            else:
                messages.success(
                    request,
                    (
                        gettext("{entry} is posted.") if entry.is_posted else gettext("{entry} is saved.")
                    ).format(entry=entry),
                )
                return redirect("admin:ledger_entry_change", entry.pk)
        page = {
            "form": head,
            "key": key_of(head),
            "lines": lines,
            "refusals": refusals,
            "accounts": Account.objects.filter(is_active=True),
            "may_post": request.user.has_perm(PostEntry.permission),
        }
        status = max((refusal.status for refusal in refusals), default=200)
        return TemplateResponse(request, "ledger/new_entry.html", context | page, status=status)

    def _write(self, request: HttpRequest, head: Head, lines: Any) -> Entry:
        command = PostEntry if "post" in request.POST else DraftEntry
        entry_lines = tuple(line for form in lines if (line := form.line()) is not None)
        outcome = dispatch_once(
            command(lines=entry_lines, **head.cleaned_data),
            actor=request.user,
            key=key_of(head),
        )
        entry: Entry = outcome.result
        return entry


def _blank() -> list[dict[str, str]]:
    company = companies.first_company()
    return [{"currency": company.currency if company else ""}] * 4


hooks.plug(
    "tenant",
    hooks.SetUpStep(
        rank=6,
        title=_("First entry"),
        permission="ledger.draft_entry",
        is_done=lambda: Entry.objects.posted().exists(),
        link="admin:new_entry",
    ),
    hooks.Page(
        path="ledger/new-entry/",
        name="new_entry",
        title=_("New entry"),
        permission="ledger.draft_entry",
        view=NewEntry(),
        group=_("Accounting"),
        icon="post_add",
    ),
)
