"""What the audit log knows of a request: its commands, their refusals, and the versions of master data."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps

from apps.kernel.pii import NAME, TEXT, declare_pii, exclude_from_copies
from apps.kernel.request_trace import RequestTraceEntry, Severity, has_table_here, trace_source
from apps.kernel.tenant import current_tenant

from .history import FieldHistory
from .models import Record

SEVERITIES: dict[str, Severity] = {Record.Outcome.REFUSED: "bad", Record.Outcome.FAILED: "bad"}
VERSIONS = {"+": "was made", "~": "was changed", "-": "was removed"}


@trace_source
def tell_commands(correlation_id: str) -> Iterator[RequestTraceEntry]:
    for record in Record.objects.filter(correlation_id=correlation_id).order_by("id"):
        yield RequestTraceEntry(
            at=record.at,
            kind="command",
            text=record.sentence,
            detail=f"Reason: {record.reason}" if record.reason else "",
            severity=SEVERITIES.get(record.outcome, "good"),
            name=f"record:{_here()}:{record.pk}",
            caused_by=record.causation_id,
            row=("audit.record", record.pk),
        )


@trace_source
def tell_versions(correlation_id: str) -> Iterator[RequestTraceEntry]:
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
    said = version.__dict__  # django-simple-history adds its fields to the class it makes
    row = getattr(version, "instance", version)
    return RequestTraceEntry(
        at=said["history_date"],
        kind="version",
        text=f"{str(row._meta.verbose_name).capitalize()} {row} {VERSIONS.get(said['history_type'], 'was kept')}.",
        detail=said.get("history_change_reason") or "",
        caused_by=version.causation_id,
    )


# Who did what and why is told of persons, and in a chain in which no word can be replaced.
exclude_from_copies("audit.Record", "audit.Segment", "audit.Archive", "audit.Verification")
for _model in apps.get_models():
    if issubclass(_model, FieldHistory):
        declare_pii(_model._meta.label, actor_name=NAME, real_actor_name=NAME, history_change_reason=TEXT)
