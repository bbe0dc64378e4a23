"""E-mail, for password links and notices. EMAIL_URL is smtp://user:password@host:port, or smtps:// for TLS from the
start."""

from urllib.parse import unquote, urlsplit

from config.env import env

if env().email_url:
    _url = urlsplit(str(env().email_url))
    EMAIL_HOST = _url.hostname or "localhost"
    EMAIL_PORT = _url.port or 25
    EMAIL_HOST_USER = unquote(_url.username or "")
    EMAIL_HOST_PASSWORD = unquote(_url.password or "")
    EMAIL_USE_SSL = _url.scheme == "smtps"
    EMAIL_USE_TLS = _url.scheme == "smtp" and bool(_url.username)
EMAIL_TIMEOUT = 15
MAIL_DOMAIN = env().base_domain
"""The part after the @ in Message-IDs."""
DEFAULT_FROM_EMAIL = f"Bursar <no-reply@{env().base_domain}>"
