"""`manage.py migrate_schemas`: bring the platform, the template and every tenant to the code's migrations."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from apps.kernel import databases
from apps.kernel.tenant import at_database
from apps.tenancy import provisioning
from apps.tenancy.models import Tenant


class Command(BaseCommand):
    help = (
        "Migrate the public schema, the template of new tenants, and every tenant. Needs DATABASE_OWNER_URL."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if "owner" not in connections.settings:
            raise CommandError("DATABASE_OWNER_URL is not set; migrations run as the owner.", returncode=3)
        for key in databases.having("owner"):
            with at_database(key):
                self._one(f"platform at {key}", provisioning.migrate_platform)
                self._one(f"template at {key}", provisioning.migrate_template)
        for tenant in Tenant.objects.using("owner").order_by("id"):
            self._one(tenant.slug, lambda say, of=tenant.info: provisioning.migrate_tenant(of, say))

    def _one(self, name: str, migrate: Any) -> None:
        migrate(lambda done: self.stderr.write(f"{name}: {done}"))
