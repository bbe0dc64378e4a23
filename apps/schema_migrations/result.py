"""The result of a run over many schemas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

from apps.kernel.errors import Refusal, SeveralRefusals

from .discovery import Schema
from .errors import SchemaNotMigrated, SchemasNotTried
from .outcome import Outcome, Status


@dataclass(slots=True)
class Result:
    """up_to_date  number of schemas that lacked nothing
    not_tried   the skipped schemas, by the canary that failed
    """

    up_to_date: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    not_tried: dict[Schema, list[Schema]] = field(default_factory=dict)

    @property
    def migrated(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.status is Status.MIGRATED]

    @property
    def failed(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.status is Status.FAILED]

    def unsettled(self, schemas: Iterable[Schema]) -> list[Schema]:
        """The schemas that this run has not finished. They are compared by name and database: a schema that was gone
        may be in another database now."""
        tried = [outcome.schema for outcome in (*self.migrated, *self.failed)]
        settled = {(schema.name, schema.database) for schema in [*tried, *chain(*self.not_tried.values())]}
        return [schema for schema in schemas if (schema.name, schema.database) not in settled]


def must_have_succeeded(result: Result) -> None:
    """Raises SeveralRefusals with all failures."""
    refusals: list[Refusal] = [
        SchemaNotMigrated(schema=outcome.schema, migration=outcome.at or "the end", error=outcome.error)
        for outcome in result.failed
    ]
    refusals += [
        SchemasNotTried(count=len(rest), canary=canary) for canary, rest in result.not_tried.items() if rest
    ]
    if refusals:
        raise SeveralRefusals(refusals)
