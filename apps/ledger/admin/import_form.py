"""The form of an import. After the preview, hidden fields contain the texts of the files, so that nothing is stored
before the import."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console.widgets import Form
from apps.kernel.uploads.receiving import receive
from apps.kernel.uploads.types import CSV, TEXT
from apps.ledger.commands import ImportJournal
from apps.ledger.csv_rows import decoded
from apps.ledger.journal_file import CHART

MAX_BYTES = 1_000_000
"""Of a file: the hidden fields of both are within DATA_UPLOAD_MAX_MEMORY_SIZE. The command line takes larger files."""
ACCEPTED = {"accept": ".csv,text/csv"}


def _hidden() -> forms.CharField:
    return forms.CharField(required=False, strip=False, max_length=MAX_BYTES, widget=forms.HiddenInput)


class ImportForm(Form):
    journal_file = forms.FileField(
        required=False,
        label=_("Journal"),
        widget=forms.FileInput(attrs=ACCEPTED),
        help_text=_("A CSV file in UTF-8."),
    )
    accounts_file = forms.FileField(
        required=False,
        label=_("Chart of accounts"),
        widget=forms.FileInput(attrs=ACCEPTED),
        help_text=_("Optional: a CSV file with code, name and type. Missing accounts are opened from it."),
    )
    create_accounts = forms.BooleanField(
        required=False,
        label=_("Open missing accounts"),
        help_text=_(
            "With the type given by the first part of the name, such as Assets:Bank or Expenses:Rent."
        ),
    )
    allow_repeated = forms.BooleanField(
        required=False,
        label=_("Allow repeated entries"),
        help_text=_(
            "Also post entries whose number is in the books with other lines, and repeated ones without a number."
        ),
    )
    allow_distant_years = forms.BooleanField(
        required=False,
        label=_("Allow distant years"),
        help_text=_("Add all fiscal years up to those of the entries. Fiscal years are never removed."),
    )
    name, journal, accounts = _hidden(), _hidden(), _hidden()

    def clean(self) -> dict[str, Any]:
        fields: dict[str, Any] = self.cleaned_data
        for field in ("journal_file", "accounts_file"):
            file: UploadedFile[bytes] | None = fields.get(field)
            if file and (file.size or 0) > MAX_BYTES:
                self.add_error(
                    field,
                    gettext("The file has {size:,} bytes, and {limit:,} are allowed here: split it.").format(
                        size=file.size, limit=MAX_BYTES
                    ),
                )
        if not fields.get("journal_file") and not fields.get("journal") and not self.errors:
            self.add_error("journal_file", gettext("Choose a file."))
        return fields

    def command(self) -> ImportJournal:
        """Of the uploaded files, or of those of the preview. Raises ImportMalformed, and the refusals of uploads."""
        fields = self.cleaned_data
        name, journal = self._file("journal")
        return ImportJournal(
            name=name or fields["name"],
            journal=journal,
            accounts=self._file("accounts", CHART)[1],
            create_accounts=fields["create_accounts"],
            allow_repeated=fields["allow_repeated"],
            allow_distant_years=fields["allow_distant_years"],
        )

    def _file(self, field: str, shown_as: str = "") -> tuple[str, str]:
        """Name and text. Another journal has nothing of the chart of accounts of the earlier one."""
        file: UploadedFile[bytes] | None = self.cleaned_data[f"{field}_file"]
        if file:
            upload = receive(file.name or "", file, (CSV, TEXT))
            return upload.name, decoded(upload.content.read(), shown_as)
        return "", "" if self.cleaned_data["journal_file"] else str(self.cleaned_data[field])
