"""How tenants are named and found."""

from config.env import env

TENANT_MODEL = "tenancy.Tenant"
TENANT_DOMAIN_MODEL = "tenancy.Domain"
TENANT_SCHEMA_PREFIX = "tenant_"
SPARE_TENANTS = env().spare_tenants
TENANT_BY_ID = "apps.tenancy.directory.by_id"
TENANT_BY_PATH = True
"""Whether /t/<slug>/ works beside host names. Host names keep browser origins apart: see docs/operations.md."""

BASE_DOMAIN = env().base_domain
OPERATOR_HOSTS = [BASE_DOMAIN, "127.0.0.1", *env().extra_hosts]
ALLOWED_HOSTS = [*OPERATOR_HOSTS, f".{BASE_DOMAIN}"]
PUBLIC_URL = env().public_url
OPERATOR_URLCONF = "config.urls_operator"
ROOT_URLCONF = "config.urls_tenant"
FEATURE_FLAGS = env().feature_flags
