"""What every command passes through, outermost first (decision C15)."""

BUS_MIDDLEWARE = [
    "apps.bus.middleware.correlation",
    "apps.audit.middleware.record",
    "apps.bus.middleware.permission",
    "apps.bus.middleware.atomic",
]
