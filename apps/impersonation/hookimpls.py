"""Clones of tenants are made without the records of support access."""

from apps.kernel.pii import exclude_from_clones

exclude_from_clones("impersonation.Impersonation", "impersonation.SupportSession")
