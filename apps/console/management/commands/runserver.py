"""Django's development server, whose system checks run in a thread of their own."""

from __future__ import annotations

from typing import Any

from django.contrib.staticfiles.management.commands import runserver

from apps.kernel.tenant import activate


class Command(runserver.Command):
    """Runs with the platform as current tenant; each request then sets its own."""

    def inner_run(self, *args: Any, **options: Any) -> None:
        with activate(None):
            super().inner_run(*args, **options)
