from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ConsoleConfig(AppConfig):
    """Registers the pages: every app's admin.py."""

    name = "apps.console"

    def ready(self) -> None:
        autodiscover_modules("admin")
