"""Keys of signatures (Django) and of encrypted secrets in the database (apps.kernel.secrets), newest first."""

from config.env import env

SECRET_KEY = env().secret_key.get_secret_value()
SECRET_KEY_FALLBACKS = [key.get_secret_value() for key in env().secret_key_fallbacks]
FIELD_KEYS = [key.get_secret_value() for key in env().field_keys]
KEYS_ARE_STRICT = False
"""Refuses weak keys, and keys that the process must not hold (config/keys)."""
