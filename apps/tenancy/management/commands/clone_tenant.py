"""`manage.py clone_tenant`, of django-tenants, is an alias of `tenant clone`."""

from apps.tenancy.verb_alias import VerbAlias


class Command(VerbAlias):
    verb = "clone"
