from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

from .commands import ATTACH, REMOVE, VIEW

MODULE = Module(
    name="attachments",
    version="1.0.0",
    description=_("Files attached to entries, invoices, orders and payments."),
    dependencies=("audit", "identity"),
    publishes=("attachment.added", "attachment.removed"),
    subscribes=("attachment.removed",),
    router="apps.attachments.api.urls",
    grants={
        "controller": (ATTACH, REMOVE, VIEW),
        "accountant": (ATTACH, REMOVE, VIEW),
        "auditor": (VIEW,),
    },
)
