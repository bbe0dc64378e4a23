"""Idempotency keys contain responses, so they are not copied with a tenant."""

from apps.kernel.pii import exclude_from_clones

exclude_from_clones("bus.IdempotencyKey")
