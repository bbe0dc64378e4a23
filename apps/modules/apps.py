from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ModulesConfig(AppConfig):
    """Wakes every app: what it handles, hears and declares is known before the first request."""

    name = "apps.modules"

    def ready(self) -> None:
        from . import checks  # noqa: F401

        autodiscover_modules("events", "setting_definitions", "handlers", "sagas", "listeners", "hookimpls")
