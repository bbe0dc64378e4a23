"""What was done to the schemas, or would be, in words and as values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apps.console.terminal import Output

from .running import Group, Result
from .surveying import Kind, Schema

NAMED = 12
"""More are only counted."""


def of_plan(groups: Sequence[Group], standing: int) -> Output:
    lines = [f"{_names(group.schemas)}:\n{_steps(group)}" for group in groups]
    return Output(
        "\n".join([*lines, f"{_schemas(standing)} already all they need."]),
        {"plan": [_planned(group) for group in groups], "standing": standing},
    )


def of_result(result: Result, seconds: float) -> Output:
    spares = sum(each.schema.kind is Kind.SPARE for each in result.migrated)
    tenants = len(result.migrated) - spares
    text = (
        f"{tenants} tenant{'' if tenants == 1 else 's'} and {spares} spare{'' if spares == 1 else 's'} migrated"
        f" in {seconds:.1f} s. {_schemas(result.standing)} already all they need."
    )
    return Output(
        text,
        {
            "migrated": [
                {"schema": each.schema.name, "slug": each.schema.slug, "applied": each.applied}
                for each in result.migrated
            ],
            "standing": result.standing,
            "seconds": round(seconds, 3),
        },
    )


def _planned(group: Group) -> dict[str, Any]:
    return {
        "migrations": group.plan.labels,
        "taken_as_done": [".".join(key) for key in group.plan.taken_as_done],
        "schemas": [
            {"schema": schema.name, "kind": schema.kind, "slug": schema.slug, "database": schema.database}
            for schema in group.schemas
        ],
    }


def _names(schemas: Sequence[Schema]) -> str:
    named = ", ".join(str(schema) for schema in schemas[:NAMED])
    return named if len(schemas) <= NAMED else f"{named} and {len(schemas) - NAMED} more"


def _steps(group: Group) -> str:
    """Each migration with what its operations say of themselves."""
    lines = []
    for migration in group.plan.migrations:
        lines.append(f"  {migration.app_label}.{migration.name}{'' if migration.atomic else ' (not atomic)'}")
        lines += [f"    {operation.describe()}" for operation in migration.operations]
    return "\n".join(lines or ["  only what the directory knows of it"])


def _schemas(count: int) -> str:
    return "1 has" if count == 1 else f"{count} have"
