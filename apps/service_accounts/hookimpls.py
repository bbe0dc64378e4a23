"""A clone of a tenant has no service accounts: their programs would act on both."""

from apps.kernel.pii import exclude_from_clones

exclude_from_clones("service_accounts.ServiceAccount", "service_accounts.ServiceToken")
