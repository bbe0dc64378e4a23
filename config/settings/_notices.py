"""The enabled chat services: schemes of Apprise (NOTICE_SCHEMES, comma-separated)."""

from config.env import env

NOTICE_SCHEMES = list(env().notice_schemes)
