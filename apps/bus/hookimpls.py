"""What was answered stays in the house where it was asked."""

from apps.kernel.pii import exclude_from_copies

exclude_from_copies("bus.IdempotencyKey")
