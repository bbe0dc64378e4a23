"""A tenant's host name is SLUG.BASE_DOMAIN, created with the tenant."""

from apps.tenancy.replaced_commands import ReplacedCommand


class Command(ReplacedCommand):
    instead = "`manage.py onboard`: a tenant gets the host name SLUG.BASE_DOMAIN, and by path /t/SLUG/."
