"""`manage.py delete_tenant`, of django-tenants, is an alias of `tenant erase`."""

from apps.tenancy.verb_alias import VerbAlias


class Command(VerbAlias):
    verb = "erase"
