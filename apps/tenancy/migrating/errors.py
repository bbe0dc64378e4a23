"""What the migrations of many schemas refuse."""

from __future__ import annotations

from apps.kernel.errors import Conflict, Invalid, NotFound
from apps.tenancy.errors import TenancyRefusal


class OwnerIsNotHere(TenancyRefusal, Conflict):
    message = "DATABASE_OWNER_URL is not set; migrations run as the owner."


class MigratedByAnother(TenancyRefusal, Conflict):
    message = "Somebody else is at the migrations."


class MadeByOtherMigrations(TenancyRefusal, Conflict):
    message = (
        "The database {database} was made by other migrations than those of this version: it has {unknown}, and lacks"
        " {missing}. Nothing was changed. Install the version that made it; development data is removed and made anew."
    )


class TemplateLacksMigrations(TenancyRefusal, Conflict):
    message = "The template at {database} lacks {migrations}: run `manage.py migrate_schemas`, which begins with it."


class TenantsAreUnknown(TenancyRefusal, NotFound):
    message = "There is no tenant called {slugs}."


class SchemaNotMigrated(TenancyRefusal, Conflict):
    message = "{schema} at {migration}: {error}"


class SchemasLeftOut(TenancyRefusal, Conflict):
    message = "{count} more were not tried, since {canary} went first and failed."


class StepNotCompatible(TenancyRefusal, Invalid):
    message = "{migration}: {why}"
