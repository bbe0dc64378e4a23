"""Used idempotency keys, with their request and outcome."""

from __future__ import annotations

from django.db import models


class IdempotencyKey(models.Model):
    """The key of an executed request, committed in the transaction of its effect.

    scope        the command, and for a caller's key the caller: two callers may choose the same key
    fingerprint  SHA-256 of the command, or of its fact for a natural key: another fingerprint is refused
    result       result of the handler: {"model": label, "pk": …} or {"value": …}
    response     response of the entry point, as JSON text, because JSONB would reorder its members
    expires_at   empty where money was moved: the key never expires
    """

    scope = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    result = models.JSONField()
    response = models.TextField(blank=True)
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
