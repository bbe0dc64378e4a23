"""Base class and registry of the verbs of `manage.py tenant`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any, ClassVar, TypeVar

from django.core.management.base import CommandParser

from apps.console.terminal import Output
from apps.tenancy.errors import TenantUnknown
from apps.tenancy.models import Tenant

VERBS: dict[str, Verb] = {}


class Verb:
    """`manage.py tenant <name> …`. The docstring is the help text."""

    name: ClassVar[str]

    def options(self, parser: CommandParser) -> None:
        """Adds the arguments of the verb."""

    def run(self, *_: Any, **options: Any) -> Output:
        """A verb names its options as keyword arguments, as in `BursarCommand.run`."""
        raise NotImplementedError


V = TypeVar("V", bound=type[Verb])


def verb(verb_class: V) -> V:
    """Registers a verb."""
    if verb_class.name in VERBS:
        raise TypeError(f"There is already a verb {verb_class.name}.")
    VERBS[verb_class.name] = verb_class()
    return verb_class


def find_all() -> dict[str, Verb]:
    """Imports all modules of this package and returns their verbs."""
    package = import_module(__package__)
    for module in iter_modules(package.__path__):
        import_module(f"{__package__}.{module.name}")
    return VERBS


def tenant_named(slug: str) -> Tenant:
    """The tenant, in any state. Raises TenantUnknown."""
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise TenantUnknown(slug=slug)
    return tenant
