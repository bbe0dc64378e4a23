from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

_VIEW, _REQUEST, _DECIDE = (
    "approvals.view_approvalrequest",
    "approvals.request_approval",
    "approvals.decide_request",
)

MODULE = Module(
    name="approvals",
    version="1.0.0",
    description=_("Approval of commands by a second person."),
    dependencies=("audit", "bus", "identity"),
    publishes=("approval.requested", "approval.granted", "approval.closed"),
    subscribes=("approval.granted",),
    router="apps.approvals.api.urls",
    grants={
        "owner": (_VIEW, _REQUEST, _DECIDE),
        "controller": (_VIEW, _REQUEST, _DECIDE),
        "accountant": (_VIEW, _REQUEST),
        "auditor": (_VIEW,),
    },
)
