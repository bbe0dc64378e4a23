"""Re-encryption of secrets."""

from __future__ import annotations

from apps.bus import handles
from apps.kernel.sealed_fields import reseal
from apps.webhooks.commands import ResealSecrets
from apps.webhooks.models import Secret, SourceSecret


@handles(ResealSecrets)
def reseal_secrets(command: ResealSecrets) -> int:
    """Returns the number of changed secrets."""
    return reseal(Secret.objects.select_related("endpoint")) + reseal(
        SourceSecret.objects.select_related("source")
    )
