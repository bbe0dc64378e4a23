"""The environment of this installation, on which required approvals depend."""

from config.env import env

ENVIRONMENT = env().bursar_environment or "development"
