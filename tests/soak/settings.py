"""As `make up`, without the rate limit of logins: each loss of Redis ends all sessions."""

from config.settings.dev import *  # noqa: F403

ACCOUNT_RATE_LIMITS = False
