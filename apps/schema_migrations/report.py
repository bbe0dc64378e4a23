"""The plan or the result of a run, as text and as values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apps.console.terminal import Output
from apps.kernel.listing import listed

from .discovery import Kind, Schema
from .grouping import Group
from .result import Result

MAX_SCHEMAS_NAMED = 12


def describe_plan(groups: Sequence[Group], up_to_date: int) -> Output:
    lines = [f"{_names(group.schemas)}:\n{_steps(group)}" for group in groups]
    return Output(
        "\n".join([*lines, f"{_schemas(up_to_date)} up to date."]),
        {"plan": [_planned(group) for group in groups], "up_to_date": up_to_date},
    )


def describe_result(result: Result, seconds: float) -> Output:
    spares = sum(outcome.schema.kind is Kind.SPARE for outcome in result.migrated)
    tenants = len(result.migrated) - spares
    text = (
        f"{tenants} tenant{'' if tenants == 1 else 's'} and {spares} spare{'' if spares == 1 else 's'} migrated"
        f" in {seconds:.1f} s. {_schemas(result.up_to_date)} up to date."
    )
    return Output(
        text,
        {
            "migrated": [
                {"schema": outcome.schema.name, "slug": outcome.schema.slug, "applied": outcome.applied}
                for outcome in result.migrated
            ],
            "up_to_date": result.up_to_date,
            "seconds": round(seconds, 3),
        },
    )


def _planned(group: Group) -> dict[str, Any]:
    return {
        "migrations": group.plan.labels,
        "recorded_only": [".".join(key) for key in group.plan.recorded_only],
        "schemas": [
            {"schema": schema.name, "kind": schema.kind, "slug": schema.slug, "database": schema.database}
            for schema in group.schemas
        ],
    }


def _names(schemas: Sequence[Schema]) -> str:
    return listed([str(schema) for schema in schemas], MAX_SCHEMAS_NAMED)


def _steps(group: Group) -> str:
    """Each migration with the descriptions of its operations."""
    lines = []
    for migration in group.plan.migrations:
        lines.append(f"  {migration.app_label}.{migration.name}{'' if migration.atomic else ' (not atomic)'}")
        lines += [f"    {operation.describe()}" for operation in migration.operations]
    return "\n".join(lines or ["  only the fingerprint in the directory"])


def _schemas(count: int) -> str:
    return "1 schema is" if count == 1 else f"{count} schemas are"
