from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "apps.tenancy"

    def ready(self) -> None:
        from apps.kernel import belonging, databases

        from . import checks  # noqa: F401

        databases.install()
        belonging.install()
