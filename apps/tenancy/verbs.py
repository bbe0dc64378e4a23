"""The verbs of `manage.py tenant`, and their registry.

An app adds verbs in its module `tenant_verbs`, which is imported automatically.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from django.core.management.base import CommandParser
from django.utils.module_loading import autodiscover_modules

from apps import bus
from apps.bus import Command, dispatch
from apps.console.terminal import SHELL, Output
from apps.kernel.errors import raise_all

from .models import Tenant

DRY_RUN_HELP = "Validate only, and report refusals."
VERBS: dict[str, Verb] = {}


class Verb:
    """`manage.py tenant <name> …`. The docstring is the help text."""

    name: ClassVar[str]

    def options(self, parser: CommandParser) -> None:
        """Adds the arguments of the verb."""

    def run(self, *_: Any, **options: Any) -> Output:
        """A verb names its options as keyword arguments; both kinds of arguments here let the types allow that."""
        raise NotImplementedError


class CommandVerb(Verb):
    """A verb that dispatches one command, or validates it only."""

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help=DRY_RUN_HELP)

    def execute(self, command: Command, *, dry_run: bool, would: str) -> Output | Any:
        if not dry_run:
            return dispatch(command, actor=SHELL)
        self.validate(command)
        return Output(would, {"dry_run": True})

    def validate(self, command: Command) -> None:
        """Raises the refusals of the command, without an effect."""
        raise_all(bus.dry_run(command, actor=SHELL))


V = TypeVar("V", bound=type[Verb])


def verb(verb_class: V) -> V:
    """Registers a verb."""
    if verb_class.name in VERBS:
        raise TypeError(f"There is already a verb {verb_class.name}.")
    VERBS[verb_class.name] = verb_class()
    return verb_class


def find_all() -> dict[str, Verb]:
    """The verbs of all apps."""
    autodiscover_modules("tenant_verbs")
    return VERBS


def tenant_output(tenant: Tenant, predicate: str) -> Output:
    """A sentence about a tenant, and the facts that a script needs."""
    return Output(
        f"{tenant} {predicate}.",
        {"slug": tenant.slug, "id": tenant.pk, "state": tenant.state, "database": tenant.database},
    )
