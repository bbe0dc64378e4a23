from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

MODULE = Module(
    name="sagas",
    version="1.0.0",
    description=_("Multi-step processes: each step is a command with its compensation."),
    dependencies=("bus", "events"),
    publishes=("saga.due", "saga.stuck"),
    subscribes=("saga.due",),
    router="apps.sagas.api.urls",
    grants={
        "owner": ("sagas.manage_sagas", "sagas.view_run", "sagas.view_logentry"),
        "controller": ("sagas.manage_sagas", "sagas.view_run", "sagas.view_logentry"),
        "accountant": ("sagas.view_run", "sagas.view_logentry"),
        "auditor": ("sagas.view_run", "sagas.view_logentry"),
    },
)
