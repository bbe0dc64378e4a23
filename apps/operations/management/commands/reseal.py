"""`manage.py reseal`: key rotation of encrypted fields."""

from __future__ import annotations

from typing import Any

from apps.bus import dispatch
from apps.console.terminal import SHELL, BursarCommand, Output
from apps.kernel.tenant import activate
from apps.notices.commands import ResealAddresses
from apps.tenancy.models import Tenant
from apps.webhooks.commands import ResealSecrets


class Command(BursarCommand):
    help = "Encrypt all secrets again with the first key of FIELD_KEYS, on the platform and in every tenant."

    def run(self, **_: Any) -> Output:
        changed = _reseal()
        for tenant in Tenant.objects.exclude(state=Tenant.State.PENDING).order_by("slug"):
            with activate(tenant.info):
                changed += _reseal()
        return Output(f"{changed} secrets were encrypted again.", {"resealed": changed})


def _reseal() -> int:
    return sum(dispatch(command, actor=SHELL) for command in (ResealSecrets(), ResealAddresses()))
