"""Refusals of the migrations of many schemas."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Invalid, NotFound


class OwnerNotConfigured(Conflict):
    message = _("DATABASE_OWNER_URL is not set; migrations run as the owner.")


class MigrationInProgress(Conflict):
    message = _("Another migration run is in progress.")


class MadeByOtherMigrations(Conflict):
    message = _(
        "The database {database} was made by migrations other than those of this version: it has {unknown}, and lacks"
        " {missing}. Nothing was changed. Install the version that made it; recreate a database for development."
    )


class TemplateLacksMigrations(Conflict):
    message = _(
        "The template in {database} lacks {migrations}: run `manage.py migrate_schemas`, which begins with it."
    )


class TenantsUnknown(NotFound):
    message = _("There is no tenant called {slugs}.")


class SchemaNotMigrated(Conflict):
    message = _("{schema} at {migration}: {error}")


class SchemasNotTried(Conflict):
    message = _("{count} more were not tried, since the canary {canary} failed.")


class StepNotCompatible(Invalid):
    message = _("{migration}: {why}")
