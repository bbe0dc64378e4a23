"""`manage.py number_ids`: give new models and permissions their ids, the same in every schema."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.tenancy import numbering


class Command(BaseCommand):
    help = (
        "Write the ids of new content types and permissions into numbering.json; commit it with the change."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        numbering.write()
        self.stdout.write(f"{numbering.FILE.name} is complete.")
