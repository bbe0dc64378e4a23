from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "apps.tenancy"

    def ready(self) -> None:
        from apps.kernel.db import databases, row_guard

        from . import checks  # noqa: F401 - registers itself on import

        databases.install()
        row_guard.install()
