"""The audit log's part of a request trace: commands, refusals and versions of master data; and the
columns of the audit log with personal data; and the keys of its seals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django.apps import apps
from django.db.models import Count
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.kernel.keys_in_use import key_use
from apps.kernel.observability.request_trace import RequestTraceEntry, Severity, has_table_here, trace_source
from apps.kernel.pii import NAME, TEXT, declare_pii, exclude_from_clones
from apps.kernel.tenant import current_tenant

from .history import FieldHistory
from .models import ColdStorageFile, Erasure, Record, Segment

SEVERITIES: dict[str, Severity] = {Record.Outcome.REFUSED: "bad", Record.Outcome.FAILED: "bad"}
VERSIONS = {
    "+": _("{model} {row} was made."),
    "~": _("{model} {row} was changed."),
    "-": _("{model} {row} was removed."),
}
STORED = _("{model} {row} was stored.")


@key_use("AUDIT_KEYS", "segments")
def segments_by_key() -> dict[str, int]:
    return dict(Segment.objects.order_by().values_list("key_id").annotate(Count("pk")))


@key_use("AUDIT_KEYS", "signatures")
def signatures_by_key() -> dict[str, int]:
    signed = (ColdStorageFile.objects.values_list("key_id"), Erasure.objects.values_list("key_id"))
    return Counter(key_id for rows in signed for (key_id,) in rows)


@trace_source
def commands(correlation_id: str) -> Iterator[RequestTraceEntry]:
    for record in Record.objects.filter(correlation_id=correlation_id).order_by("id"):
        yield RequestTraceEntry(
            at=record.at,
            kind="command",
            text=record.shown_sentence,
            detail=gettext("Reason: {reason}").format(reason=record.reason) if record.reason else "",
            severity=SEVERITIES.get(record.outcome, "good"),
            name=f"record:{_here()}:{record.pk}",
            caused_by=record.causation_id,
            row=("audit.record", record.pk),
        )


@trace_source
def versions(correlation_id: str) -> Iterator[RequestTraceEntry]:
    for model in apps.get_models():
        if issubclass(model, FieldHistory) and has_table_here(model):
            for version in model._default_manager.filter(correlation_id=correlation_id).order_by(
                "history_id"
            ):
                yield _version(version)


def _here() -> str:
    tenant = current_tenant()
    return tenant.slug if tenant else ""


def _version(version: FieldHistory) -> RequestTraceEntry:
    values = version.__dict__  # django-simple-history adds its fields to the class it makes
    row = getattr(version, "instance", version)
    text = str(VERSIONS.get(values["history_type"], STORED))
    return RequestTraceEntry(
        at=values["history_date"],
        kind="version",
        text=text.format(model=str(row._meta.verbose_name).capitalize(), row=row),
        detail=values.get("history_change_reason") or "",
        caused_by=version.causation_id,
    )


# Records contain personal data, and the chain would not verify with replaced texts.
exclude_from_clones(
    "audit.Record", "audit.Segment", "audit.ColdStorageFile", "audit.Erasure", "audit.Verification"
)
exclude_from_clones("audit.CommandMinute", "audit.RollupCursor")
for _model in apps.get_models():
    if issubclass(_model, FieldHistory):
        declare_pii(_model._meta.label, actor_name=NAME, impersonator_name=NAME, history_change_reason=TEXT)
