"""Requests, templates and static files."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

MIDDLEWARE = [
    "apps.kernel.correlation.CorrelationMiddleware",
    "apps.kernel.observability.observation.ObservationMiddleware",
    "apps.kernel.problems.responses.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "apps.kernel.security_headers.SecurityHeadersMiddleware",
    "apps.flags.api.protocol_errors.ProtocolErrorsMiddleware",
    "apps.kernel.problems.odd_requests.OddRequestMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.tenancy.middleware.TenantMiddleware",
    "apps.kernel.problems.responses.MethodNotAllowedMiddleware",
    "apps.tenancy.placement.read_after_write.ReadAfterWriteMiddleware",
    "apps.kernel.db.request_transactions.AfterTheRequestMiddleware",
    "apps.tenancy.middleware.ConsoleSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.identity.sessions.browser.OpenSessionMiddleware",
    "apps.identity.accounts.reauthentication.AuthenticationMiddleware",
    "apps.impersonation.middleware.SupportMiddleware",
    "apps.tenancy.admission.AdmissionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.modules.urls.ModuleGateMiddleware",
    "apps.kernel.db.request_transactions.WholeRequestMiddleware",
    "apps.settings.time_zone.TimeZoneMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.console.context.console",
                "apps.impersonation.middleware.context",
                "apps.tenancy.admission.context",
            ]
        },
    }
]
WSGI_APPLICATION = "config.wsgi.application"
STATIC_URL = "/static/"
STATICFILES_DIRS = [ROOT / "static"]
STATIC_ROOT = ROOT / "staticfiles"
CSRF_FAILURE_VIEW = "apps.kernel.problems.responses.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
"""The languages that the product is translated to (docs/translation.md). No middleware reads Accept-Language, which
would show Django's translated texts between English ones."""
LOCALE_PATHS = [ROOT / "locale"]
USE_I18N = True
FORMAT_MODULE_PATH = "config.formats"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
