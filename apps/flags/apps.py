from django.apps import AppConfig
from django.conf import settings


class FlagsConfig(AppConfig):
    name = "apps.flags"

    def ready(self) -> None:
        """A process that serves until it is stopped reports which flags it serves. Workers, which read the
        settings before they know their kind, start this in config/celery.py."""
        if kind := settings.REPORTING_KIND:
            from .store.processes import REPORTER

            REPORTER.start(kind)
