from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchemaMigrationsConfig(AppConfig):
    name = "apps.schema_migrations"
    verbose_name = _("Migrations")
