"""Middleware of every command, outermost first (docs/decisions/0006-order-of-the-bus.md), and policies of the bus."""

import datetime as dt

from config.env import env

BUS_MIDDLEWARE = [
    "apps.bus.middleware.correlation",
    "apps.bus.texts.normal_texts",
    "apps.bus.middleware.observed",
    "apps.audit.middleware.record",
    "apps.bus.middleware.permission",
    "apps.bus.texts.refuse_texts",
    "apps.bus.fresh_authentication.fresh_authentication",
    "apps.bus.availability.availability",
    "apps.bus.gate.gate",
    "apps.bus.printed_text.printed_text",
    "apps.bus.middleware.atomic",
    "apps.approvals.middleware.approval",
    "apps.bus.idempotency.middleware.idempotency",
    "apps.bus.middleware.version_of_edit",
]

APPROVAL_GATE = "apps.approvals.gate.Gate"
"""Decides which kinds of approval are required, and stores the requests of the consoles."""
APPROVAL_PAGE = "approval_request"
"""Name of the page of a request, to which the consoles lead."""
APPROVALS_REQUIRED = frozenset(env().approvals_required)
"""Names of kinds that are required in every environment."""
FEATURE_GATE = "apps.flags.gate.FlagGate"
ENTITLEMENT = "apps.billing.queries.is_subscribed"
LIMITS = "apps.billing.queries.limit"
"""Functions with the modules in the current tenant's plan, and its limits."""
PLAN_PAGE = "your_plan"
"""Name of the page of the tenant console with the plan, linked from modules outside of it."""
REAUTHENTICATION_ENDPOINT = "/api/v1/identity/reauthenticate/"
"""Where an API client confirms the password again, below the address of its console."""
REAUTHENTICATE = "apps.identity.accounts.reauthentication.confirm_password"
"""Function that judges the password on the page between a form and its command, and notes the time."""
ACTOR_BY_ID = "apps.service_accounts.queries.actor"
"""Function that loads the actor of stored work: a user, or a service account by a negative id."""

SUBSCRIBER_GATE = "apps.modules.registry.app_is_on"
"""Function that returns whether an app's listeners are on; deliveries to the others are paused."""

EVENT_RETENTION = dt.timedelta(days=env().event_retention_days)
"""Period in which an event can be replayed. Events with pending deliveries are retained longer."""
