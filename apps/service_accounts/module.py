from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

MANAGE, VIEW = "service_accounts.manage_service_accounts", "service_accounts.view_serviceaccount"

MODULE = Module(
    name="service-accounts",
    version="1.0.0",
    description=_("Accounts of programs: tokens with scopes and an end."),
    dependencies=("audit", "identity"),
    publishes=("service_account.created", "service_account_token.rotated", "service_account.revoked"),
    router="apps.service_accounts.api.urls",
    grants={"owner": (MANAGE, VIEW), "controller": (VIEW,), "auditor": (VIEW,)},
)
