"""Idempotency keys contain responses, so they are not copied with a tenant."""

from apps.kernel.pii import exclude_from_copies

exclude_from_copies("bus.IdempotencyKey")
