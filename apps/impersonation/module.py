from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

_VIEWS = ("impersonation.view_supportsession",)

MODULE = Module(
    name="impersonation",
    version="1.0.0",
    description=_("Support access of operators to tenants."),
    dependencies=("audit", "identity", "tenancy"),
    publishes=("support_session.opened", "support_session.closed"),
    grants={"owner": _VIEWS, "controller": _VIEWS, "auditor": _VIEWS},
)
