"""Middleware of every command, outermost first (docs/decisions/0006-order-of-the-bus.md), and policies of the bus."""

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
    "apps.bus.idempotency.middleware.idempotency",
]

FEATURE_GATE = "apps.modules.gate.EnvironmentGate"
ENTITLEMENT = "apps.billing.queries.is_subscribed"
LIMITS = "apps.billing.queries.limit"
"""Functions with the modules in the current tenant's plan, and its limits."""
PLAN_PAGE = "your_plan"
"""Name of the page of the tenant console with the plan, linked from modules outside of it."""
ACTOR_BY_ID = "apps.identity.queries.actor"

SUBSCRIBER_GATE = "apps.modules.registry.app_is_on"
"""Function that returns whether an app's listeners are on; deliveries to the others are paused."""

EVENT_RETENTION = dt.timedelta(days=env().event_retention_days)
"""Period in which an event can be replayed. Events with pending deliveries are retained longer."""
