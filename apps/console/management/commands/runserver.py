"""Django's server for development, whose checks are made in a thread of their own."""

from __future__ import annotations

from typing import Any

from django.contrib.staticfiles.management.commands import runserver

from apps.kernel.tenant import activate


class Command(runserver.Command):
    """Requests say themselves whose they are; the rest is the platform's."""

    def inner_run(self, *args: Any, **options: Any) -> None:
        with activate(None):
            super().inner_run(*args, **options)
