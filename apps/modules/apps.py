from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ModulesConfig(AppConfig):
    """Loads every app, so that its handlers, listeners and declarations are registered before the first request."""

    name = "apps.modules"

    def ready(self) -> None:
        from . import checks  # noqa: F401 - registers itself on import

        autodiscover_modules("events", "setting_definitions", "handlers", "sagas", "listeners", "hookimpls")
