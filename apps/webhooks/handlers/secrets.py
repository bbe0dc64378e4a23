"""Re-encryption of secrets."""

from __future__ import annotations

from itertools import chain

from apps.bus import handles
from apps.kernel.secrets import resealed
from apps.webhooks.commands import ResealSecrets
from apps.webhooks.models import Secret, SourceSecret


@handles(ResealSecrets)
def reseal_secrets(command: ResealSecrets) -> int:
    """Returns the number of changed secrets."""
    changed = 0
    for secret in chain(
        Secret.objects.select_related("endpoint").select_for_update(of=("self",)),
        SourceSecret.objects.select_related("source").select_for_update(of=("self",)),
    ):
        before, secret.sealed = secret.sealed, resealed(secret.sealed, secret.context)
        if secret.sealed != before:
            secret.save(update_fields=["sealed"])
            changed += 1
    return changed
