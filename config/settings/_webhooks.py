"""Webhooks: rate limits of incoming messages, and retention."""

import datetime as dt

from config.env import env

WEBHOOKS_PER_MINUTE = env().webhooks_per_minute
"""Limit per source: for all messages from one address, and for all messages with a valid signature."""
WEBHOOK_RETENTION = dt.timedelta(days=env().webhook_retention_days)
"""Retention of received messages that need no more processing, and of messages delivered or failed for good."""
