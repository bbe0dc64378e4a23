from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

_VIEWS = (
    "webhooks.view_endpoint",
    "webhooks.view_secret",
    "webhooks.view_message",
    "webhooks.view_attempt",
    "webhooks.view_source",
    "webhooks.view_sourcesecret",
    "webhooks.view_received",
)

MODULE = Module(
    name="webhooks",
    flag="webhooks",
    version="1.0.0",
    description=_("Webhooks: events sent to other systems, and messages received from them."),
    licensed=True,
    dependencies=("audit", "bus", "events"),
    subscribes=("*",),
    router="apps.webhooks.api.urls",
    grants={
        "owner": ("webhooks.manage_endpoints", "webhooks.manage_sources", *_VIEWS),
        "auditor": _VIEWS,
    },
)
