from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.contrib.contenttypes.management import create_contenttypes
from django.db.models.signals import post_migrate


class TenancyConfig(AppConfig):
    name = "apps.tenancy"

    def ready(self) -> None:
        from apps.kernel import databases

        from . import checks  # noqa: F401

        databases.install()
        # Both would number rows as they come; ours have the same ids everywhere (see numbering.py).
        post_migrate.disconnect(create_contenttypes)
        post_migrate.disconnect(
            create_permissions, dispatch_uid="django.contrib.auth.management.create_permissions"
        )
