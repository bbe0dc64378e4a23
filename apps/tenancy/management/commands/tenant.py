"""`manage.py tenant <verb> …`: operations on a whole tenant. `manage.py tenant --help` lists the verbs."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import CommandParser

from apps.console.terminal import BursarCommand, Output
from apps.tenancy.verbs import find_all


class Command(BursarCommand):
    help = "Operations on a whole tenant: transitions of its state, erasure, backups and moves."

    def options(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        for name, verb in sorted(find_all().items()):
            text = " ".join((type(verb).__doc__ or "").split())
            subparser = verbs.add_parser(name, help=text, description=text)
            subparser.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
            verb.options(subparser)

    def run(self, *, verb: str, **options: Any) -> Output:
        return find_all()[verb].run(**options)
