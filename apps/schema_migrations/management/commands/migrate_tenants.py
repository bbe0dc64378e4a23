"""`manage.py migrate_tenants`: apply the template's migrations to every tenant and every spare."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import CommandParser

from apps.console.terminal import BursarCommand, Output
from apps.kernel.notation.arguments import whole_number
from apps.schema_migrations import report, running
from apps.schema_migrations.discovery import MIGRATED_KINDS, Schema
from apps.schema_migrations.grouping import groups
from apps.schema_migrations.options import WORKERS, MigrationOptions
from apps.schema_migrations.result import must_have_succeeded
from apps.schema_migrations.schema_locks import LockPolicy


class Command(BursarCommand):
    help = (
        "Migrate every tenant and every spare. A canary goes first; if it fails, the others are not tried. Failures"
        " are listed at the end (exit code 3), and another run tries them again. Needs DATABASE_OWNER_URL."
    )

    def options(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="List the missing migrations by schema; change nothing."
        )
        parser.add_argument("--only", nargs="+", default=[], metavar="SLUG", help="These tenants only.")
        parser.add_argument("--canary", default="", metavar="SLUG", help="The tenant to migrate first.")
        parser.add_argument(
            "--workers",
            type=whole_number(lowest=1),
            default=WORKERS,
            help=f"Schemas in parallel ({WORKERS} here).",
        )
        parser.add_argument(
            "--lock-timeout",
            type=whole_number(),
            default=LockPolicy().lock_timeout_ms,
            metavar="MS",
            help="Maximum wait of a statement for a lock before it is retried (3000).",
        )

    def run(self, **options: Any) -> Output:
        migration_options = MigrationOptions(
            only=options["only"],
            canary=options["canary"],
            workers=options["workers"],
            lock_policy=LockPolicy(options["lock_timeout"]),
        )
        return self.planned(migration_options) if options["dry_run"] else self.migrated(migration_options)

    def planned(self, options: MigrationOptions) -> Output:
        schemas = [schema for schema in running.selected_schemas(options) if self.is_included(schema)]
        due = groups(schemas)
        return report.describe_plan(due, len(schemas) - sum(len(group.schemas) for group in due))

    def is_included(self, schema: Schema) -> bool:
        return schema.kind in MIGRATED_KINDS

    def migrated(self, options: MigrationOptions) -> Output:
        began = time.perf_counter()
        result = running.migrate_tenants(options)
        output = report.describe_result(result, time.perf_counter() - began)
        if result.failed:
            self.stderr.write(output.text)
        must_have_succeeded(result)
        return output
