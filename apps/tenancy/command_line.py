"""A management command that works for one tenant."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.console.terminal import BursarCommand, Output
from apps.kernel.tenant import activate

from .errors import TenantNotReady
from .models import Tenant
from .queries import tenant_named


class TenantCommand(BursarCommand):
    """Takes the tenant's short name first, and runs `run_for_tenant()` in that tenant."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", metavar="SLUG", help="The tenant's short name.")
        super().add_arguments(parser)

    def run(self, **options: Any) -> Output:
        info = tenant_named(options.pop("tenant"))
        if info.state == Tenant.State.PENDING:
            raise TenantNotReady(name=info.name)
        with activate(info):
            return self.run_for_tenant(**options)

    def run_for_tenant(self, **options: Any) -> Output:
        raise NotImplementedError
