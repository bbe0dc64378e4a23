"""What a verb of `manage.py tenant` is."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any, ClassVar, TypeVar

from django.core.management.base import CommandParser

from apps.console.terminal import Output
from apps.kernel.actors import System
from apps.tenancy.errors import TenantUnknown
from apps.tenancy.models import Tenant

SHELL = System("The command line")
VERBS: dict[str, Verb] = {}


class Verb:
    """`manage.py tenant <name> …`. Its docstring is its help."""

    name: ClassVar[str]

    def options(self, parser: CommandParser) -> None:
        """Its own arguments."""

    def run(self, **options: Any) -> Output:
        raise NotImplementedError


V = TypeVar("V", bound=type[Verb])


def verb(made: V) -> V:
    """Registers a verb."""
    if made.name in VERBS:
        raise TypeError(f"There is already a verb {made.name}.")
    VERBS[made.name] = made()
    return made


def find_all() -> dict[str, Verb]:
    """Every verb of every file beside this one."""
    package = import_module(__package__)
    for module in iter_modules(package.__path__):
        import_module(f"{__package__}.{module.name}")
    return VERBS


def tenant_named(slug: str) -> Tenant:
    """In whatever state. Raises TenantUnknown."""
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise TenantUnknown(slug=slug)
    return tenant
