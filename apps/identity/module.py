from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

MODULE = Module(
    name="identity",
    version="1.0.0",
    description=_("Users, roles and permissions, sign-in and tokens, support access."),
    dependencies=("audit", "modules", "tenancy"),
    publishes=(
        "address.changed",
        "address_change.requested",
        "refresh_token.reused",
        "support_session.opened",
        "support_session.closed",
    ),
    subscribes=("address.changed", "address_change.requested"),
    router="apps.identity.api.urls",
    grants={
        "owner": ("identity.manage_users", "identity.view_user", "identity.view_supportsession"),
        "controller": ("identity.view_user", "identity.view_supportsession"),
        "auditor": ("identity.view_user", "identity.view_supportsession"),
    },
)
