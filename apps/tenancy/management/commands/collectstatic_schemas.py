"""All tenants have the same static files."""

from apps.tenancy.replaced_commands import ReplacedCommand


class Command(ReplacedCommand):
    instead = "`manage.py collectstatic`, once for all tenants."
