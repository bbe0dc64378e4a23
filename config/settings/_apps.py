"""Installed apps, and the schemas of their tables."""

_EVERYWHERE = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "apps.bus",
    "apps.sagas",
    "apps.audit",
    "apps.identity",
    "apps.approvals",
    "apps.impersonation",
    "apps.schedules",
    "apps.jobs",
    "apps.service_accounts",
    "apps.webhooks",
    "apps.notices",
    "apps.settings",
    "apps.flags",
    "allauth.account",
]

SHARED_APPS = [
    "django_tenants",
    *_EVERYWHERE,
    "apps.events",
    "apps.tenancy",
    "apps.backups",
    "apps.billing",
]
"""Apps with tables in the public schema. Events, tenants and plans have tables only there."""

TENANT_APPS = [
    *_EVERYWHERE,
    "apps.attachments",
    "apps.companies",
    "apps.periods",
    "apps.ledger",
    "apps.inventory",
    "apps.payments",
    "apps.sales",
]
"""Apps with tables in every tenant's schema."""

INSTALLED_APPS = [
    # `modules` first, since it loads the others; `console` before Unfold and Django, to override templates.
    "apps.modules",
    "apps.console",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.simple_history",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "apps.tenancy",
    "apps.schema_migrations",
    *[app for app in [*SHARED_APPS, *TENANT_APPS] if app not in ("apps.tenancy", "django_tenants")],
    "apps.operations",
    "apps.monitoring",
    "allauth",
    "allauth.headless",
    "simple_history",
    "rest_framework",
    "django_filters",
    "drf_standardized_errors",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_tenants",  # last: the commands of the same name of our apps take precedence
]
INSTALLED_APPS = list(dict.fromkeys(INSTALLED_APPS))
