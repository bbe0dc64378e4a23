"""What was answered stays in the house where it was asked."""

from apps.kernel.personal import stays_home

stays_home("bus.IdempotencyKey")
