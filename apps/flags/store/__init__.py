"""What flags serve: loaded from the database through Redis into the memory of each process, and compiled there.

platform    the published revisions and kills of the platform
tenants     a tenant's overrides and kills, its plan and its usage of limits
served      the compiled rules for the current tenant: no SQL and no network call while they are current
freshness   a change becomes visible in all processes at its commit
processes   which process serves which epoch
counts      how often each variant was served, and how long evaluations take
providers   other sources: a file, or a server that speaks OFREP
"""
