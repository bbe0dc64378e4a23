from django.apps import AppConfig


class SchemaMigrationsConfig(AppConfig):
    name = "apps.schema_migrations"
    verbose_name = "Migrations"
