"""A tenant has no superuser: its owners manage its users."""

from apps.tenancy.replaced_commands import ReplacedCommand


class Command(ReplacedCommand):
    instead = "`manage.py onboard` for a tenant's first owner, and *Invite user* in its console for others."
