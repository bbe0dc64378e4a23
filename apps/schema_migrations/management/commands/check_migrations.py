"""`manage.py check_migrations`: refuse migrations that the running version would not survive."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.console.terminal import BursarCommand, Output
from apps.kernel.errors import SeveralRefusals
from apps.schema_migrations.errors import StepNotCompatible
from apps.schema_migrations.linter import lint
from apps.schema_migrations.planning import label_of
from apps.schema_migrations.released import changed_since_release, release


class Command(BursarCommand):
    help = (
        "Refuse changes of released migrations, and unreleased migrations that the running version would not survive"
        " and that declare no `contracts` (exit code 3). Uses no database."
    )

    def options(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--release",
            action="store_true",
            help="List all existing migrations as released, unless a released one was changed; commit the list with the"
            " release.",
        )

    def run(self, **options: Any) -> Output:
        if options["release"] and not changed_since_release():
            release()
        new, faults = lint()
        if faults:
            raise SeveralRefusals(
                [StepNotCompatible(migration=fault.migration, why=fault.why) for fault in faults]
            )
        contracting = [label_of(migration) for migration in new if getattr(migration, "contracts", None)]
        text = f"{len(new)} migrations since the last release; {len(contracting)} remove unused parts."
        return Output(text, {"new": [label_of(migration) for migration in new], "contracting": contracting})
