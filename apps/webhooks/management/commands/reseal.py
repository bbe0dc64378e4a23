"""`manage.py reseal`: every secret in the database under the first key of FIELD_KEYS."""

from __future__ import annotations

from typing import Any

from apps.bus import dispatch
from apps.console.terminal import Answer, BursarCommand
from apps.kernel.actors import System
from apps.kernel.tenant import activate
from apps.tenancy.queries import active_tenants
from apps.webhooks.commands import ResealSecrets

SHELL = System("The command line")


class Command(BursarCommand):
    help = "Seal every secret under the first key of FIELD_KEYS, at the platform and at each tenant."

    def answer(self, **_: Any) -> Answer:
        changed = dispatch(ResealSecrets(), actor=SHELL)
        for tenant in active_tenants():
            with activate(tenant):
                changed += dispatch(ResealSecrets(), actor=SHELL)
        return Answer(f"{changed} secrets are sealed anew.", {"resealed": changed})
