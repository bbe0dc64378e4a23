from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ConsoleConfig(AppConfig):
    """Registers the pages, every app's admin.py, and makes derived labels translatable."""

    name = "apps.console"

    def ready(self) -> None:
        from .derived_labels import translate_labels

        autodiscover_modules("admin")
        translate_labels()
