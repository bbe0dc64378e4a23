"""`manage.py check_migrations`: refuse migrations that the version that is still running would not survive."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.console.terminal import BursarCommand, Output
from apps.kernel.errors import SeveralRefusals
from apps.tenancy.migrating import judging
from apps.tenancy.migrating.errors import StepNotCompatible
from apps.tenancy.migrating.planning import label_of


class Command(BursarCommand):
    help = (
        "Refuse migrations since the last release that the running version would not survive, unless they say"
        " which release lets them, and changes of released ones (exit code 3). Asks no database."
    )

    def options(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--release",
            action="store_true",
            help="List all migrations that are there as released, unless a released one was changed; commit it with the"
            " release.",
        )

    def run(self, **options: Any) -> Output:
        if options["release"] and not judging.changed_since_release():
            judging.release()
        new, faults = judging.judged()
        if faults:
            raise SeveralRefusals(
                [StepNotCompatible(migration=fault.migration, why=fault.why) for fault in faults]
            )
        taking = [label_of(each) for each in new if getattr(each, "contracts", None)]
        text = f"{len(new)} migrations since the last release; {len(taking)} take away what nobody asks any more."
        return Output(text, {"new": [label_of(each) for each in new], "contracting": taking})
