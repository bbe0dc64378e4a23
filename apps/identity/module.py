from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

MODULE = Module(
    name="identity",
    version="1.0.0",
    description=_("Users, roles and permissions, sign-in and tokens."),
    dependencies=("audit", "modules", "tenancy"),
    publishes=(
        "address.changed",
        "address_change.requested",
        "invitation.accepted",
        "invitation.issued",
        "invitation.revoked",
        "refresh_token.reused",
    ),
    subscribes=("address.changed", "address_change.requested", "invitation.issued"),
    router="apps.identity.api.urls",
    grants={
        "owner": ("identity.manage_users", "identity.view_user"),
        "controller": ("identity.view_user",),
        "auditor": ("identity.view_user",),
    },
)
