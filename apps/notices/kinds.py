"""The kinds of notices that stand on floors below, or here."""

from .hooks import declare_kind

NOTE = declare_kind("note", "somebody wanted you to know it")
ALERT = declare_kind("platform.alert", "you look after the platform", "platform")
TENANT_SUSPENDED = declare_kind("tenant.suspended", "a tenant was suspended", "platform")
TENANT_QUEUED = declare_kind("tenant.queued_for_deletion", "a tenant will be erased", "platform")
SUPPORT_SESSION_OPENED = declare_kind(
    "support_session.opened", "somebody of the platform's support came in", "tenants"
)
TOKEN_REUSED = declare_kind("refresh_token.reused", "one of your sessions may have been stolen")
TEST = declare_kind("target.test", "somebody tries whether this can be reached", chosen=False)
