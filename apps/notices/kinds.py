"""The kinds of notices of this app and of the layers below."""

from django.utils.translation import gettext_lazy as _

from .hooks import declare_kind

NOTE = declare_kind("note", _("it was addressed to you"))
ALERT = declare_kind("platform.alert", _("you operate the platform"), "platform")
TENANT_SUSPENDED = declare_kind("tenant.suspended", _("a tenant was suspended"), "platform")
TENANT_QUEUED_FOR_DELETION = declare_kind(
    "tenant.queued_for_deletion", _("a tenant will be erased"), "platform"
)
SUPPORT_SESSION_OPENED = declare_kind(
    "support_session.opened", _("the platform's support opened a session in your tenant"), "tenants"
)
TOKEN_REUSED = declare_kind("refresh_token.reused", _("one of your sessions may have been stolen"))
JOB_FINISHED = declare_kind("job.finished", _("you started a job"))
SCHEDULED_COMMAND_REFUSED = declare_kind("scheduled_command.refused", _("you scheduled a command"))
APPROVAL_REQUESTED = declare_kind("approval.requested", _("you may approve requests of this kind"))
APPROVAL_CLOSED = declare_kind("approval.closed", _("you requested an approval"))
TEST = declare_kind("channel.test", _("a test message was sent"), selectable=False)
