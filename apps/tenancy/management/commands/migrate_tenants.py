"""`manage.py migrate_tenants`: bring every tenant and every spare to the template's migrations."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import CommandParser

from apps.console.terminal import BursarCommand, Output
from apps.tenancy.migrating import running, saying
from apps.tenancy.migrating.applying import Patience
from apps.tenancy.migrating.running import WORKERS, Wish
from apps.tenancy.migrating.surveying import Schema


class Command(BursarCommand):
    help = (
        "Migrate every tenant and every spare. One goes first; if it fails, nobody follows. Those that fail"
        " are named at the end (exit code 3), and another run tries them alone. Needs DATABASE_OWNER_URL."
    )

    def options(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="Say what is missing and for whom; do nothing."
        )
        parser.add_argument("--only", nargs="+", default=[], metavar="SLUG", help="These tenants alone.")
        parser.add_argument("--canary", default="", metavar="SLUG", help="Who goes first.")
        parser.add_argument(
            "--workers", type=int, default=WORKERS, help=f"Schemas at a time ({WORKERS} here)."
        )
        parser.add_argument(
            "--lock-timeout",
            type=int,
            default=Patience().lock_timeout,
            metavar="MS",
            help="How long a statement waits for a lock before it is tried again later (3000).",
        )

    def run(self, **options: Any) -> Output:
        wish = Wish(
            only=options["only"],
            canary=options["canary"],
            workers=options["workers"],
            patience=Patience(options["lock_timeout"]),
        )
        return self.planned(wish) if options["dry_run"] else self.migrated(wish)

    def planned(self, wish: Wish) -> Output:
        schemas = [each for each in running.asked_for(wish) if self.is_meant(each)]
        groups = running.groups(schemas)
        return saying.of_plan(groups, len(schemas) - sum(len(group.schemas) for group in groups))

    def is_meant(self, schema: Schema) -> bool:
        return schema.kind in running.THEIRS

    def migrated(self, wish: Wish) -> Output:
        began = time.perf_counter()
        result = running.migrate_tenants(wish)
        answer = saying.of_result(result, time.perf_counter() - began)
        if result.failed:
            self.stderr.write(answer.text)
        running.must_have_gone_well(result)
        return answer
