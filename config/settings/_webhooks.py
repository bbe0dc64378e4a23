"""What other systems may post here, and how long it is kept."""

import datetime as dt

from config.env import env

WEBHOOKS_PER_MINUTE = env().webhooks_per_minute
"""Of one source: from one address, whatever it is, and of messages whose signature holds from all of them together."""
WEBHOOKS_KEPT = dt.timedelta(days=env().webhooks_kept_days)
"""How long a received message is kept that nobody will process any more. One that is told again later is a new one."""
