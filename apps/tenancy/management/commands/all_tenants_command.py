"""`manage.py all_tenants_command COMMAND …`: run another command inside each tenant."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from apps.kernel.tenant import activate
from apps.tenancy import queries


class Command(BaseCommand):
    help = "Run a command inside each tenant that is open to its users. The first error ends it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--no-public", action="store_true", help="Accepted and always so: the platform is no tenant."
        )
        parser.add_argument("command", metavar="COMMAND", help="A command without a tenant of its own.")
        parser.add_argument("arguments", nargs=argparse.REMAINDER, help="Its arguments.")

    def handle(self, *args: Any, **options: Any) -> None:
        for tenant in queries.active_tenants():
            self.stdout.write(f"{tenant.slug}:")
            with activate(tenant):
                call_command(options["command"], *options["arguments"])
