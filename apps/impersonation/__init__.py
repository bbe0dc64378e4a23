"""Support access: an operator of the platform enters a tenant as one of its users, with a reason, for at most 30
minutes.

The platform's row (`Impersonation`) grants the access; the tenant's row (`SupportSession`) documents it for the
tenant. The rows are in different schemas, so no transaction covers both. The steps are ordered so that a crash
between two of them can only remove access (`handlers`).
"""
