from apps.kernel.manifest import Module

MODULE = Module(
    name="periods",
    version="1.0.0",
    description="Fiscal calendars: years, periods, and closing them.",
)
