from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

MODULE = Module(
    name="periods",
    version="1.0.0",
    description=_("Fiscal calendars: years, periods, and closing periods."),
    dependencies=("audit", "events", "flags", "identity", "notices", "settings"),
    publishes=("period.closed", "fiscal_year.added"),
    router="apps.periods.api.urls",
    grants={
        "controller": (
            "periods.manage_calendar",
            "periods.close_period",
            "periods.view_calendar",
            "periods.view_fiscalyear",
            "periods.view_period",
        ),
        "accountant": ("periods.view_calendar", "periods.view_fiscalyear", "periods.view_period"),
        "auditor": ("periods.view_calendar", "periods.view_fiscalyear", "periods.view_period"),
    },
)
