"""The enabled chat services: the schemes of their addresses (NOTICE_SCHEMES, comma-separated)."""

from config.env import env

NOTICE_SCHEMES = list(env().notice_schemes)
