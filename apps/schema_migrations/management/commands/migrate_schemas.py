"""`manage.py migrate_schemas`: migrate the platform, the template, every spare and every tenant."""

from __future__ import annotations

from typing import Any

from apps.console.terminal import Output
from apps.kernel.db import databases
from apps.kernel.tenant import at_database
from apps.schema_migrations import histories, hooks
from apps.schema_migrations.discovery import Schema
from apps.schema_migrations.options import MigrationOptions
from apps.schema_migrations.run_lock import migration_lock
from apps.tenancy import provisioning

from .migrate_tenants import Command as MigrateTenants


class Command(MigrateTenants):
    help = (
        "Migrate the platform's schema and the template of new tenants in each database, then every spare and"
        " every tenant like `migrate_tenants`. Needs DATABASE_OWNER_URL."
    )

    def is_included(self, schema: Schema) -> bool:
        return True

    def migrated(self, options: MigrationOptions) -> Output:
        with migration_lock():
            histories.must_continue()
            for key in databases.having("owner"):
                with at_database(key):
                    self._migrate(f"platform in {key}", provisioning.migrate_platform)
                    self._migrate(f"template in {key}", provisioning.migrate_template)
            for function in hooks.FUNCTIONS:
                function()
            return super().migrated(options)

    def _migrate(self, name: str, migrate: Any) -> None:
        migrate(lambda message: self.stderr.write(f"{name}: {message}"))
