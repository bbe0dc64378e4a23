"""`manage.py trace ID`: the entries of a request trace, in order."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from apps.console.terminal import SHELL, BursarCommand, Output
from apps.kernel.observability.request_trace import RequestTraceEntry
from apps.monitoring.errors import CorrelationIdUnknown
from apps.monitoring.request_traces import record_access, trace_of
from apps.tenancy.queries import tenant_named


class Command(BursarCommand):
    help = "Print the trace of a request by its correlation id: commands, refusals, events and deliveries."

    def options(self, parser: CommandParser) -> None:
        parser.add_argument(
            "id", metavar="ID", help="The X-Correlation-ID of a response, a log line or the audit log."
        )
        parser.add_argument("--tenant", metavar="SLUG", default="", help="Only the entries of this tenant.")

    def run(self, *, id: str, tenant: str, **options: Any) -> Output:
        lines = trace_of(id, at=tenant_named(tenant) if tenant else None)
        if not lines:
            raise CorrelationIdUnknown(correlation_id=id)
        record_access(SHELL, id, lines)
        return Output(
            "\n".join(map(_as_text, lines)), {"correlation_id": id, "entries": [*map(asdict, lines)]}
        )


def _as_text(line: RequestTraceEntry) -> str:
    indent = "    " * line.depth
    detail = f"\n{' ' * 25}{indent}{line.detail.splitlines()[0]}" if line.detail else ""
    return f"{line.at:%H:%M:%S.%f}"[:-3] + f"  {line.tenant or 'platform':10} {indent}{line.text}{detail}"
