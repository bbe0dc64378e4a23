"""What other systems may post here, and how long it is kept, as is what they are told."""

import datetime as dt

from config.env import env

WEBHOOKS_PER_MINUTE = env().webhooks_per_minute
"""Of one source: from one address, whatever it is, and of messages whose signature holds from all of them together."""
WEBHOOKS_KEPT = dt.timedelta(days=env().webhooks_kept_days)
"""How long a received message is kept that nobody will process any more, and one that was delivered or given up. What
is told again later is new."""
