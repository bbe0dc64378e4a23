from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

VIEW = "jobs.view_run"
_ALL = ("jobs.manage_jobs", VIEW)

MODULE = Module(
    name="jobs",
    version="1.0.0",
    description=_("Long-running work with progress and results."),
    dependencies=("audit", "identity"),
    publishes=("job.finished",),
    router="apps.jobs.api.urls",
    grants={"owner": _ALL, "controller": _ALL, "accountant": _ALL, "auditor": _ALL},
)
