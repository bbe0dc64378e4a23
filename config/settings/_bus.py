"""What every command passes through, outermost first (decision C15)."""

import datetime as dt

from config.env import env

BUS_MIDDLEWARE = [
    "apps.bus.middleware.correlation",
    "apps.bus.middleware.observed",
    "apps.audit.middleware.record",
    "apps.bus.middleware.permission",
    "apps.bus.availability.availability",
    "apps.bus.gate.gate",
    "apps.bus.middleware.atomic",
    "apps.bus.idempotency.idempotency",
]

FEATURE_GATE = "apps.modules.gate.EnvironmentGate"
ENTITLEMENT = "apps.billing.queries.is_subscribed"
LIMITS = "apps.billing.queries.limit"
"""Say what the current tenant has booked, and how much of what is counted it may have."""
PLAN_PAGE = "your_plan"
"""The page of the tenant's console that shows it, for whoever comes to something that is not booked."""
ACTOR_BY_ID = "apps.identity.queries.actor"

SUBSCRIBER_GATE = "apps.modules.registry.app_is_on"
"""Says whether an app's listeners hear at present; while they do not, their deliveries are paused."""

EVENT_RETENTION = dt.timedelta(days=env().event_retention_days)
"""How long an event can be told again. One that somebody has not heard yet is kept for as long as that takes."""
