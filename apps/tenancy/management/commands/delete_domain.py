"""A tenant's host name is removed with the tenant."""

from apps.tenancy.replaced_commands import ReplacedCommand


class Command(ReplacedCommand):
    instead = "`manage.py tenant erase`: a host name is removed with its tenant."
