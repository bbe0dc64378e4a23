from typing import Any

from django.db.models import prefetch_related_objects
from rest_framework import serializers

from apps.bus.api.fields import ExactDecimal, WholeNumber
from apps.bus.api.serializers import ReadSerializer
from apps.ledger.hooks import document_of
from apps.ledger.import_models import JournalImport
from apps.ledger.models import Account, Entry, EntryLine, Journal
from apps.ledger.queries import entries_waiting


class AccountSerializer(ReadSerializer):
    parent = serializers.CharField(  # type: ignore[assignment]  # a field, not the serializer's attribute
        source="parent.code", allow_null=True, default=None, read_only=True
    )

    class Meta:
        model = Account
        fields = ("id", "code", "name", "type", "parent", "is_active")


class JournalSerializer(ReadSerializer):
    class Meta:
        model = Journal
        fields = ("id", "code", "name")


class EntryLineSerializer(ReadSerializer):
    """One side of an entry: `debit` or `credit` is zero."""

    account = serializers.CharField(source="account.code", read_only=True)
    debit = ExactDecimal(read_only=True)
    credit = ExactDecimal(read_only=True)

    class Meta:
        model = EntryLine
        fields = ("line_no", "account", "currency", "debit", "credit", "memo")


class EntrySerializer(ReadSerializer):
    """An entry without its lines. Its `name` consists of journal, fiscal year and number: GEN-2026-17. `reversed_by` is
    its reversal; `is_reversible` is false for drafts, reversed entries, and those that a document booked."""

    name = serializers.CharField(source="__str__", read_only=True)
    journal = serializers.CharField(source="journal.code", read_only=True)
    period = serializers.CharField(source="period.code", read_only=True)
    reversed_by = WholeNumber(source="reversed_by.pk", read_only=True, default=None, allow_null=True)
    is_reversible = serializers.SerializerMethodField()

    class Meta:
        model = Entry
        fields: tuple[str, ...] = (
            "id",
            "name",
            "journal",
            "period",
            "posted_on",
            "occurred_on",
            "status",
            "number",
            "memo",
            "payee",
            "reference",
            "reversal_of",
            "reversed_by",
            "is_reversible",
            "created_at",
            "posted_at",
        )

    def get_is_reversible(self, entry: Entry) -> bool:
        return bool(entry.is_posted and not entry.reversed_by and not document_of(entry.source))


class EntryWithLines(EntrySerializer):
    lines = EntryLineSerializer(many=True, read_only=True)

    class Meta(EntrySerializer.Meta):
        fields: tuple[str, ...] = (*EntrySerializer.Meta.fields, "lines")

    def to_representation(self, instance: Entry) -> dict[str, Any]:
        prefetch_related_objects([instance], "lines__account")
        return super().to_representation(instance)


class JournalImportSerializer(ReadSerializer):
    """An imported file: `known` entries were in the books already, and `waiting` ones are not posted yet, by the job
    `job_id`."""

    waiting = serializers.SerializerMethodField()

    class Meta:
        model = JournalImport
        fields = ("id", "name", "sha256", "entries", "lines", "known", "waiting", "job_id", "imported_at")

    def get_waiting(self, record: JournalImport) -> int:
        return entries_waiting(record)


class TrialBalanceSerializer(serializers.Serializer[object]):
    """One account in one month and currency: opening + debit − credit = closing."""

    month = serializers.CharField(help_text='"2026-01", or "" in a total.')
    account = serializers.CharField()
    code = serializers.CharField()
    type = serializers.CharField()
    currency = serializers.CharField()
    opening = ExactDecimal()
    debit = ExactDecimal()
    credit = ExactDecimal()
    closing = ExactDecimal()
