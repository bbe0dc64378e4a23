"""Sign-in to consoles and API by e-mail address, through django-allauth. There is no sign-up."""

import datetime as dt

from config.env import env

AUTH_USER_MODEL = "identity.User"
SILENCED_SYSTEM_CHECKS = [
    "auth.W004"
]  # addresses are unique regardless of case, by a constraint on Lower(email)
AUTHENTICATION_BACKENDS = ["apps.identity.accounts.backend.OwnAddressBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "apps.identity.accounts.password_validation.DifferentCharacters"},
    {"NAME": "apps.identity.accounts.password_validation.NoKnownNames"},
]
# Names, not paths: a path would lead a tenant's login to the operator's console.
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_ADAPTER = "apps.identity.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = False
"""Our own limits know devices (apps/identity/accounts/attempts.py)."""
ALLAUTH_TRUSTED_PROXY_COUNT = env().trusted_proxies
"""Trusted entries at the end of X-Forwarded-For; limits of sign-in count by the address before them."""

# API: access tokens valid for minutes, and single-use refresh tokens (docs/decisions/0014-tokens.md).
HEADLESS_CLIENTS = ("app",)
HEADLESS_TOKEN_STRATEGY = "apps.identity.tokens.strategy.TenantTokens"  # noqa: S105 - a path
TOKEN_KEYS = [key.get_secret_value() for key in env().token_keys]
"""Ed25519, newest first: `id:base64 of 32 random bytes`. The first one signs, and all of them verify."""
ACCESS_TOKEN_LIFE = dt.timedelta(seconds=env().access_token_seconds)
REFRESH_TOKEN_IDLE = dt.timedelta(days=env().refresh_token_days)
"""An idle API session ends after this time."""
API_SESSION_LIFE = dt.timedelta(days=env().api_session_days)
"""An API session ends after this time, idle or not."""
