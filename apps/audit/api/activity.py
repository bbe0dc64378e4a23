"""Command activity: figures by module or command."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rest_framework import serializers

from apps.audit import queries
from apps.audit.rollup.figures import Figures
from apps.bus.api.fields import Measurement, WholeNumber
from apps.bus.api.views import QueryEndpoint
from apps.kernel.clock import now

HOUR = dt.timedelta(hours=1)


class FiguresSerializer(serializers.Serializer[Any]):
    """Outcomes and durations of the commands of a module, or of one command. A repeated request had no effect of its
    own; a failure is an internal error."""

    name = serializers.CharField()
    commands = WholeNumber()
    succeeded = WholeNumber()
    repeated = WholeNumber()
    refused = WholeNumber()
    failed = WholeNumber()
    mean_ms = Measurement()
    max_ms = Measurement()


@dataclass(frozen=True, kw_only=True)
class ActivityQuery:
    by: Literal["module", "command"] = "module"
    since: dt.datetime | None = None
    until: dt.datetime | None = None


class Activity(QueryEndpoint):
    """Commands of a period, by default the last hour, by module or command: how many had each outcome, and their
    durations. The figures are half a minute late, and go back 35 days."""

    permission = "audit.view_commandminute"
    query = ActivityQuery
    serializer_class = FiguresSerializer
    many = True

    def run_query(self, query: Any, **server_fields: Any) -> Any:
        options: ActivityQuery = query
        minutes = queries.command_minutes(options.since or now() - HOUR, options.until)
        return [*named(minutes.by_module() if options.by == "module" else minutes.by_command())]


def named(figures: Mapping[str, Figures]) -> Iterator[dict[str, Any]]:
    for name, one in figures.items():
        yield {
            "name": name,
            **asdict(one),
            "commands": one.commands,
            "mean_ms": one.mean_ms,
            "max_ms": one.max_ms,
        }
