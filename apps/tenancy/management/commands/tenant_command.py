"""`manage.py tenant_command COMMAND -s SCHEMA …`: run another command inside a tenant."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.kernel.exit_codes import EXIT_CODE_WRONG_USAGE
from apps.kernel.tenant import activate
from apps.tenancy import directory, queries


class Command(BaseCommand):
    help = "Run a command inside a tenant, such as `tenant_command shell -s acme`."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("command", metavar="COMMAND", help="A command without a tenant of its own.")
        parser.add_argument(
            "arguments",
            metavar="-s SCHEMA …",
            nargs=argparse.REMAINDER,
            help="The tenant's schema or short name, and the arguments of the command.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name, arguments = _split(options["arguments"])
        with activate(directory.by_schema(name) or queries.tenant_named(name)):
            call_command(options["command"], *arguments)


def _split(arguments: list[str]) -> tuple[str, list[str]]:
    """The name of the tenant, and the other arguments."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-s", "--schema", default="")
    known, others = parser.parse_known_args(arguments)
    if not known.schema:
        raise CommandError("Name the tenant: -s SCHEMA.", returncode=EXIT_CODE_WRONG_USAGE)
    return known.schema, others
