from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ConsoleConfig(AppConfig):
    """Registers the pages: first those of the lower layers, then every app's admin.py."""

    name = "apps.console"

    def ready(self) -> None:
        from . import audit_pages, bus_pages, event_pages, saga_pages  # noqa: F401

        autodiscover_modules("admin")
