"""Used idempotency keys, with the request and its outcome."""

from __future__ import annotations

from django.db import models


class IdempotencyKey(models.Model):
    """A request that was done. Claimed in the transaction of its effect, so the one is there if the other is.

    scope        the command, and for a caller's own key who called: two callers may choose the same key
    fingerprint  SHA-256 of the command, or under a natural key of its fact: the same key with another is refused
    result       what the handler returned: {"model": label, "pk": …} or {"value": …}
    answer       what the door answered, word for word: JSON as text, which keeps the order of its members
    expires_at   empty where money was moved: that is never forgotten
    """

    scope = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    result = models.JSONField()
    answer = models.TextField(blank=True)
    used_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(name="idempotency_key_once", fields=["scope", "key"])]
        indexes = [
            models.Index(
                name="idempotency_expires",
                fields=["expires_at"],
                condition=models.Q(expires_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"
