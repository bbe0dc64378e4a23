"""A tenant never exists without its schema: it claims a spare."""

from apps.tenancy.replaced_commands import ReplacedCommand


class Command(ReplacedCommand):
    instead = "`manage.py migrate_schemas`, which reports missing schemas, and `manage.py tenant restore`."
