"""`manage.py keys`: which keys stored data needs, and encryption under the newest one (docs/keys.md)."""

from __future__ import annotations

from argparse import SUPPRESS
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from apps.bus import dispatch
from apps.console.terminal import SHELL, BursarCommand, Output
from apps.kernel.sealed_fields import secrets_by_key
from apps.kernel.secrets import newest_key_id
from apps.kernel.tenant import TenantInfo, activate
from apps.notices.commands import ResealAddresses
from apps.operations.key_status import key_statuses
from apps.tenancy import queries as tenants
from apps.webhooks.commands import ResealSecrets

RESEALS = (ResealSecrets, ResealAddresses)


class Command(BursarCommand):
    help = "List the keys that stored data needs, or encrypt stored secrets under the newest key."

    def options(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        listing = verbs.add_parser("list", help="List each key id with the number of rows that need it.")
        reseal = verbs.add_parser(
            "reseal",
            help="Encrypt all secrets of the platform and every tenant under the first key of FIELD_KEYS.",
        )
        reseal.add_argument("--dry-run", action="store_true", help="Only print the numbers of secrets.")
        for subparser in (listing, reseal):  # allowed before and after the verb
            subparser.add_argument("--json", action="store_true", default=SUPPRESS)

    def run(self, *, verb: str, dry_run: bool = False, **_: Any) -> Output:
        return _list() if verb == "list" else _reseal(dry_run=dry_run)


def _list() -> Output:
    statuses = key_statuses()
    lines = [
        f"{status.setting:<11} {status.key_id:<20} {status.status:<8} {status.rows}" for status in statuses
    ]
    return Output("\n".join(lines), {"keys": [asdict(status) for status in statuses]})


def _reseal(*, dry_run: bool) -> Output:
    """Each batch is a transaction of its own, and leaves out what is encrypted under the newest key: a run that is
    stopped continues where it was."""
    changed = {}
    for name, tenant in _planes():
        with activate(tenant):
            if count := _outdated():
                changed[name] = count if dry_run else _reseal_current()
    verb = "are to be" if dry_run else "were"
    text = f"{sum(changed.values())} secrets {verb} encrypted under the key {newest_key_id()}."
    return Output(text, {"resealed": changed, "dry_run": dry_run})


def _reseal_current() -> int:
    changed = 0
    while _outdated() and (batch := sum(dispatch(command(), actor=SHELL) for command in RESEALS)):
        changed += batch
    return changed


def _outdated() -> int:
    return sum(count for key_id, count in secrets_by_key().items() if key_id != newest_key_id())


def _planes() -> Iterator[tuple[str, TenantInfo | None]]:
    yield "platform", None
    for tenant in tenants.set_up_tenants():
        yield tenant.slug, tenant.info
