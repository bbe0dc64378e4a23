"""Schemas that have the same migrations share a plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from .discovery import MIGRATED_KINDS, Schema
from .planning import Plan


@dataclass(frozen=True, slots=True)
class Group:
    """Schemas that have, and so lack, the same migrations."""

    plan: Plan
    schemas: tuple[Schema, ...]


def groups(schemas: Sequence[Schema]) -> list[Group]:
    """Group the schemas by fingerprint, each group with its plan. Up-to-date schemas are in no group."""
    by_fingerprint: dict[str, list[Schema]] = defaultdict(list)
    for schema in schemas:
        if schema.fingerprint is not None:
            by_fingerprint[schema.fingerprint].append(schema)
    planned = [Group(Plan(members[0]), tuple(members)) for members in by_fingerprint.values()]
    return [due for group in planned if (due := _due(group)).schemas]


def _due(group: Group) -> Group:
    """Without pending migrations, only the schemas whose fingerprint in the directory is outdated."""
    if group.plan:
        return group
    return Group(group.plan, tuple(filter(_is_fingerprint_outdated, group.schemas)))


def _is_fingerprint_outdated(schema: Schema) -> bool:
    return schema.kind in MIGRATED_KINDS and schema.recorded_fingerprint != schema.fingerprint
