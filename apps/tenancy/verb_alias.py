"""A management command that is an alias of `manage.py tenant <verb>`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.management.base import CommandParser

from apps.console.terminal import BursarCommand, Output

from .verbs import Verb, find_all


class VerbAlias(BursarCommand):
    verb: ClassVar[str]
    help = "An alias of `manage.py tenant`, with the arguments of the verb."

    def options(self, parser: CommandParser) -> None:
        self._verb.options(parser)

    def run(self, **options: Any) -> Output:
        return self._verb.run(**options)

    @property
    def _verb(self) -> Verb:
        return find_all()[self.verb]
