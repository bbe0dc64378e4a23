from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

_VIEWS = ("notices.view_notice", "notices.view_noticedelivery", "notices.view_notificationchannel")

MODULE = Module(
    name="notices",
    version="1.0.0",
    description=_("Notices to users, by e-mail and notification channels."),
    dependencies=("approvals", "audit", "identity", "jobs", "schedules", "tenancy"),
    subscribes=(
        "approval.closed",
        "approval.requested",
        "job.finished",
        "refresh_token.reused",
        "scheduled_command.refused",
        "support_session.opened",
        "tenant.queued_for_deletion",
        "tenant.suspended",
    ),
    router="apps.notices.api.urls",
    grants={
        "owner": ("notices.send_announcement", "notices.manage_notification_channels", *_VIEWS),
        "auditor": _VIEWS,
    },
)
