"""Management commands of django-tenants that write around the bus and the audit log: each is refused, and names what to
use instead."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.core.management.base import BaseCommand, CommandError

from apps.kernel.exit_codes import EXIT_CODE_WRONG_USAGE


class ReplacedCommand(BaseCommand):
    """Ends with exit code 2, whatever its arguments are. `instead` completes the sentence "Use …"."""

    instead: ClassVar[str]
    requires_system_checks = ()
    help = "Not available: names the command to use instead."

    def run_from_argv(self, argv: list[str]) -> None:
        super().run_from_argv(argv[:2])

    def handle(self, *args: Any, **options: Any) -> NoReturn:
        name = type(self).__module__.rsplit(".", 1)[-1]
        raise CommandError(
            f"`manage.py {name}` is not available. Use {self.instead}", returncode=EXIT_CODE_WRONG_USAGE
        )
