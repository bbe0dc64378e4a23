"""`manage.py migrate` is `migrate_schemas`: there is no one schema to migrate."""

from django.core.management.commands.migrate import Command as DjangoMigrate

from .migrate_schemas import Command as MigrateSchemas


class Command(MigrateSchemas):
    autodetector = DjangoMigrate.autodetector  # Django checks that makemigrations has the same
