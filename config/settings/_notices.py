"""In which chats people may be told: schemes of Apprise that notices know (NOTICE_SCHEMES, with commas)."""

from config.env import env

NOTICE_SCHEMES = list(env().notice_schemes)
