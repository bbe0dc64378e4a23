"""Keys of encrypted secrets in the database, newest first (apps.kernel.secrets)."""

from config.env import env

FIELD_KEYS = [key.get_secret_value() for key in env().field_keys]
