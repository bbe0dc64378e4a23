"""`manage.py migrate` is an alias of `migrate_schemas`, since a single schema is never migrated alone."""

from django.core.management.commands.migrate import Command as DjangoMigrate

from .migrate_schemas import Command as MigrateSchemas


class Command(MigrateSchemas):
    autodetector = DjangoMigrate.autodetector  # Django checks that makemigrations has the same
