"""`manage.py reseal`: key rotation of encrypted fields."""

from __future__ import annotations

from typing import Any

from apps.bus import dispatch
from apps.console.terminal import SHELL, BursarCommand, Output
from apps.kernel.tenant import activate
from apps.notices.commands import ResealAddresses
from apps.tenancy import queries as tenants
from apps.webhooks.commands import ResealSecrets


class Command(BursarCommand):
    help = "Encrypt all secrets again with the first key of FIELD_KEYS, on the platform and in every tenant."

    def run(self, **_: Any) -> Output:
        changed = _reseal()
        for tenant in tenants.set_up_tenants():
            with activate(tenant.info):
                changed += _reseal()
        return Output(f"{changed} secrets were encrypted again.", {"resealed": changed})


def _reseal() -> int:
    return sum(dispatch(command, actor=SHELL) for command in (ResealSecrets(), ResealAddresses()))
