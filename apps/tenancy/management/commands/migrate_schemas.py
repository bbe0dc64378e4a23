"""`manage.py migrate_schemas`: bring the platform, the template, every spare and every tenant to the code's
migrations."""

from __future__ import annotations

from typing import Any

from apps.console.terminal import Output
from apps.kernel import databases
from apps.kernel.tenant import at_database
from apps.tenancy import provisioning
from apps.tenancy.migrating import histories, running
from apps.tenancy.migrating.running import Wish
from apps.tenancy.migrating.surveying import Schema

from .migrate_tenants import Command as MigrateTenants


class Command(MigrateTenants):
    help = (
        "Migrate the platform's schema and the template of new tenants in each database, then every spare and"
        " every tenant as `migrate_tenants` does. Needs DATABASE_OWNER_URL."
    )

    def is_meant(self, schema: Schema) -> bool:
        return True

    def migrated(self, wish: Wish) -> Output:
        with running.migration_lock():
            histories.must_continue()
            for key in databases.having("owner"):
                with at_database(key):
                    self._one(f"platform at {key}", provisioning.migrate_platform)
                    self._one(f"template at {key}", provisioning.migrate_template)
            return super().migrated(wish)

    def _one(self, name: str, migrate: Any) -> None:
        migrate(lambda done: self.stderr.write(f"{name}: {done}"))
