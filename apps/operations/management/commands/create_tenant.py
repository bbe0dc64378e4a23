"""`manage.py create_tenant`, of django-tenants, is an alias of `onboard`."""

from .onboard import Command as Onboard


class Command(Onboard):
    """The same arguments."""
