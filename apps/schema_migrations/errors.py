"""Refusals of the migrations of many schemas. Their codes begin with `tenancy`, under which they were published."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Invalid, NotFound


class OwnerNotConfigured(Conflict, code="tenancy.owner_not_configured"):
    message = _("DATABASE_OWNER_URL is not set; migrations run as the owner.")


class MigrationInProgress(Conflict, code="tenancy.migration_in_progress"):
    message = _(
        "Another migration run is in progress, so this one did nothing. Run it again when the other has ended."
    )


class MadeByOtherMigrations(Conflict, code="tenancy.made_by_other_migrations"):
    message = _(
        "The database {database} was made by migrations other than those of this version: it has {unknown}, and lacks"
        " {missing}. Nothing was changed. Install the version that made it; recreate a database for development."
    )


class TemplateLacksMigrations(Conflict, code="tenancy.template_lacks_migrations"):
    message = _(
        "The template in {database} lacks {migrations}: run `manage.py migrate_schemas`, which begins with it."
    )


class TenantsUnknown(NotFound, code="tenancy.tenants_unknown"):
    message = _("There is no tenant called {slugs}.")


class SchemaNotMigrated(Conflict, code="tenancy.schema_not_migrated"):
    message = _("{schema} at {migration}: {error}")


class SchemasNotTried(Conflict, code="tenancy.schemas_not_tried"):
    message = _("{count} more were not tried, since the canary {canary} failed.")


class StepNotCompatible(Invalid, code="tenancy.step_not_compatible"):
    message = _("{migration}: {why}")
