"""`manage.py tenant <verb> …`: everything that is done to a whole tenant. `manage.py tenant --help` lists the verbs."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import CommandParser

from apps.console.terminal import BursarCommand, Output
from apps.operations.tenant_verbs.base import find_all


class Command(BursarCommand):
    help = "What is done to a whole tenant: turns of its life, its end, its backups and its moves."

    def options(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        for name, verb in sorted(find_all().items()):
            what = " ".join((type(verb).__doc__ or "").split())
            of_verb = verbs.add_parser(name, help=what, description=what)
            of_verb.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
            verb.options(of_verb)

    def run(self, *, verb: str, **options: Any) -> Output:  # type: ignore[override]
        return find_all()[verb].run(**options)
