from apps.kernel.manifest import Module

_VIEWS = ("notices.view_notice", "notices.view_copy", "notices.view_target")

MODULE = Module(
    name="notices",
    version="1.0.0",
    description="What people are told, by e-mail and in their chats.",
    dependencies=("audit", "identity", "tenancy"),
    subscribes=(
        "refresh_token.reused",
        "support_session.opened",
        "tenant.queued_for_deletion",
        "tenant.suspended",
    ),
    router="apps.notices.api.urls",
    grants={
        "owner": ("notices.tell_people", "notices.manage_targets", *_VIEWS),
        "auditor": _VIEWS,
    },
)
