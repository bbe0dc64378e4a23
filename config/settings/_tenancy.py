"""Tenants: models, host names and placement."""

from config.env import env
from config.keys.kinds import reporting_kind

TENANT_MODEL = "tenancy.Tenant"
TENANT_DOMAIN_MODEL = "tenancy.Domain"
TENANT_SCHEMA_PREFIX = env().tenant_schema_prefix
SPARE_TENANTS = env().spare_tenants
TENANT_BY_ID = "apps.tenancy.directory.by_id"
TENANT_BY_SCHEMA = "apps.tenancy.directory.by_schema"
TENANT_AVAILABILITY = "apps.tenancy.lifecycle.availability_of"
INACTIVE_TENANTS = "apps.tenancy.directory.inactive_tenants"
"""The availability of a tenant, and the tenants whose events are not delivered at present."""
IS_ADMINISTRATOR = "apps.identity.queries.is_administrator"
TENANT_BY_PATH = True
"""Enables /t/<slug>/ besides host names. Host names separate browser origins: see docs/operations.md."""

BASE_DOMAIN = env().base_domain
OPERATOR_HOSTS = [BASE_DOMAIN, "127.0.0.1", *env().extra_hosts]
ALLOWED_HOSTS = [*OPERATOR_HOSTS, f".{BASE_DOMAIN}"]
PUBLIC_URL = env().public_url
OPERATOR_URLCONF = "config.urls_operator"
ROOT_URLCONF = "config.urls_tenant"
FEATURE_FLAGS = env().feature_flags
"""The global level of flags: FEATURE_FLAG_<NAME>. A flag that is false here is off, whatever is published."""
FEATURES = "apps.flags.queries"
"""Module with the values of flags, for layers below the app."""
FLAG_SOURCE = env().flag_source
REPORTING_KIND = reporting_kind()
"""Kind of a process that reports which flags it serves, when one is changed or killed; empty for others."""
_token = env().flag_source_token
FLAG_SOURCE_TOKEN = _token.get_secret_value() if _token else ""
