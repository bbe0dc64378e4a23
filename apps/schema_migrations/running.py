"""Migrates all schemas that lack migrations. Each pass is planned from the state of the schemas, then applied."""

from __future__ import annotations

from collections.abc import Sequence

from apps.kernel import progress
from apps.kernel.db import databases

from . import rollout, state
from .discovery import MIGRATED_KINDS, Kind, Schema, discover
from .errors import TemplateLacksMigrations, TenantsUnknown
from .executor import wait_for_wal_flush
from .grouping import Group, groups
from .options import DEFAULTS, MigrationOptions
from .outcome import Outcome
from .result import Result
from .run_lock import migration_lock, owner_must_be_configured

MAX_PASSES = 3
"""A later pass finds tenants that were set up meanwhile from an older blueprint."""


def migrate_tenants(options: MigrationOptions = DEFAULTS) -> Result:
    """Migrate the tenants and the spares. A failure is in the result and does not stop the other schemas. Raises
    OwnerNotConfigured, MigrationInProgress, TenantsUnknown and TemplateLacksMigrations."""
    with migration_lock():
        result = Result()
        schemas = _schemas_in_scope(options)
        for _ in range(MAX_PASSES):
            due = groups(result.unsettled(schemas))
            _templates_must_be_current(due)
            if not due:
                break
            _migrate(rollout.waves(due, options), options, result)
            schemas = _schemas_in_scope(options)
        _conclude(result, schemas)
        if not options.only:
            state.delete_except(schema.name for schema in schemas)
    return result


def selected_schemas(options: MigrationOptions) -> list[Schema]:
    """Raises OwnerNotConfigured and TenantsUnknown."""
    owner_must_be_configured()
    schemas = discover(options.only)
    known = {schema.slug for schema in schemas}
    if unknown := [slug for slug in (*options.only, options.canary) if slug and slug not in known]:
        raise TenantsUnknown(slugs=", ".join(unknown))
    return schemas


def _schemas_in_scope(options: MigrationOptions) -> list[Schema]:
    """Tenants and spares, and the templates of their databases. Raises TemplateLacksMigrations without a template."""
    schemas = [schema for schema in selected_schemas(options) if schema.kind is not Kind.PLATFORM]
    for schema in schemas:
        if schema.kind is Kind.TEMPLATE and schema.fingerprint is None:
            raise TemplateLacksMigrations(database=schema.database, migrations="everything")
    return schemas


def _templates_must_be_current(due: Sequence[Group]) -> None:
    templates = [(schema, group) for group in due for schema in group.schemas if schema.kind is Kind.TEMPLATE]
    for schema, group in templates:
        migrations = ", ".join(group.plan.labels) or "its latest names"
        raise TemplateLacksMigrations(database=schema.database, migrations=migrations)


def _migrate(planned: Sequence[rollout.Wave], options: MigrationOptions, result: Result) -> None:
    schemas = [schema for wave in planned for schema in wave.schemas]
    state.mark_waiting(schemas)
    outcomes = rollout.outcomes(planned, options, result.not_tried)
    try:
        with state.in_batches() as record:
            for outcome in progress.steps(outcomes, len(schemas)):
                result.outcomes.append(outcome)
                record(outcome)
    finally:
        wait_for_wal_flush({outcome.schema.database for outcome in result.outcomes})


def _conclude(result: Result, schemas: Sequence[Schema]) -> None:
    """The remaining schemas are up to date, or missing."""
    untouched = result.unsettled(schemas)
    result.outcomes += [_missing(schema) for schema in untouched if schema.fingerprint is None]
    result.up_to_date = sum(
        schema.kind in MIGRATED_KINDS and schema.fingerprint is not None for schema in untouched
    )


def _missing(schema: Schema) -> Outcome:
    if schema.database in databases.having("owner"):
        return Outcome(schema, error=f"there is no schema {schema.name} in the database {schema.database}")
    return Outcome(schema, error=f"DATABASE_OWNER_SHARDS does not name {schema.database}")
