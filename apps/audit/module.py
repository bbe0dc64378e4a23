from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

MODULE = Module(
    name="audit",
    version="1.0.0",
    description=_("Audit log: one sealed record for each command and outcome."),
    dependencies=("bus", "events"),
    publishes=("person.erased",),
    subscribes=("person.erased",),
    router="apps.audit.api.urls",
    grants={
        "owner": (
            "audit.view_record",
            "audit.view_segment",
            "audit.view_commandminute",
            "audit.manage_retention",
            "audit.erase_person",
        ),
        "controller": ("audit.view_record", "audit.view_segment", "audit.view_commandminute"),
        "auditor": ("audit.view_record", "audit.view_segment", "audit.view_commandminute"),
    },
)
