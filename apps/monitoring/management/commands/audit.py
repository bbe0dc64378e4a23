"""`manage.py audit`: seals, verifies and exports the audit log, moves records to cold storage, and erases a person.

Exit codes are those of all commands; `verify` exits with 3 if an audit log is broken.
"""

from __future__ import annotations

import datetime as dt
import sys
from argparse import SUPPRESS
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from django.core.management.base import CommandError, CommandParser

from apps import bus
from apps.audit import access_log, export, queries, sealing, verification
from apps.audit.commands import ErasePerson, MoveToColdStorage
from apps.audit.erasure_plan import ErasurePlan, erasure_plan
from apps.audit.filters import RecordFilter
from apps.bus import dispatch
from apps.bus.approval_gate import approval_gate
from apps.console.terminal import SHELL, BursarCommand, Output
from apps.identity import queries as identity
from apps.kernel.errors import SeveralRefusals
from apps.kernel.exit_codes import EXIT_CODE_REFUSED, EXIT_CODE_WRONG_USAGE
from apps.kernel.notation import is_whole_number
from apps.kernel.notation.arguments import day, whole_number
from apps.kernel.tenant import TenantInfo, activate
from apps.tenancy.queries import active_tenants, tenant_named

PLATFORM = "platform"


class Command(BursarCommand):
    help = "Seal, verify and export the audit log, move records to cold storage, and erase a person."

    def options(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        seal = verbs.add_parser("seal", help="Seal completed segments.")
        verify = verbs.add_parser(
            "verify", help="Verify the audit log against its seals: 0 intact, 3 broken."
        )
        verify.add_argument(
            "--head", action="append", default=[], metavar="NUMBER:HASH", help="A known head."
        )
        out = verbs.add_parser("export", help="Write the audit log to stdout.")
        out.add_argument("--format", choices=[*export.FORMS], default="csv")
        out.add_argument("--since", default="")
        out.add_argument("--until", default="")
        out.add_argument("--text", default="")
        move = verbs.add_parser(
            "move-to-cold-storage", help="Move records past their retention to cold storage."
        )
        move.add_argument("--before", required=True, type=day, metavar="DATE")
        move.add_argument("--reason", default="Retention")
        erase = verbs.add_parser(
            "erase-person", help="Request the approval to erase a person from the audit log."
        )
        erase.add_argument("--as", dest="requester", metavar="EMAIL", help="The user who requests it.")
        erase.add_argument("--user", type=whole_number(lowest=1), metavar="ID")
        erase.add_argument(
            "--text", action="append", default=[], help="E-mail address or full name; repeatable."
        )
        erase.add_argument("--reason", required=True)
        for subparser in (move, erase):
            subparser.add_argument("--dry-run", action="store_true", help="Only print the effects.")
        for subparser in (seal, verify, out, move, erase):
            subparser.add_argument("--tenant", metavar="SLUG", help=f"One tenant; without it the {PLATFORM}.")
            # Allowed before and after the verb.
            subparser.add_argument("--json", action="store_true", default=SUPPRESS)
        for subparser in (seal, verify):
            subparser.add_argument("--all", action="store_true", help="All tenants and the platform.")

    def run(self, *, verb: str, **options: Any) -> Output:
        work: Callable[..., Output] = getattr(self, f"_{verb.replace('-', '_')}")
        return work(**options)

    def _seal(self, **options: Any) -> Output:
        sealed = {}
        for name, tenant in _chosen(**options):
            with activate(tenant):
                sealed[name] = [segment.number for segment in sealing.seal()]
        text = "\n".join(f"{name}: {len(numbers)} segments sealed" for name, numbers in sealed.items())
        return Output(text, {"sealed": sealed})

    def _verify(self, head: list[str], **options: Any) -> Output:
        witnesses = [_head(text) for text in head]
        results = {}
        for name, tenant in _chosen(**options):
            with activate(tenant):
                results[name] = verification.verify(witnesses=witnesses)
        self._broken = not all(result.intact for result in results.values())
        lines = [line for name, result in results.items() for line in _result_lines(name, result)]
        data = {
            "intact": not self._broken,
            "audit_logs": {name: result.as_dict() for name, result in results.items()},
        }
        return Output("\n".join(lines), data)

    _broken = False

    def _write(self, output: str | dict[str, Any]) -> None:
        if output:  # an export writes its rows itself
            super()._write(output)
        if self._broken:
            sys.exit(EXIT_CODE_REFUSED)

    def _export(self, format: str, since: str, until: str, text: str, **options: Any) -> Output:
        filters = {"since": since, "until": until, "text": text}
        ((_, tenant),) = _chosen(**options)
        with activate(tenant):
            chosen = RecordFilter(filters, queryset=queries.records())
            if not chosen.is_valid():
                raise CommandError(f"{chosen.errors.as_text()}", returncode=EXIT_CODE_WRONG_USAGE)
            access_log.record_export(SHELL, filters, form=format)
            for line in export.FORMS[format](chosen.qs):
                self.stdout.write(line, ending="")
        return Output("", {})

    def _move_to_cold_storage(self, before: dt.date, reason: str, dry_run: bool, **options: Any) -> Output:
        command = MoveToColdStorage(before=before, reason=reason)
        ((name, tenant),) = _chosen(**options)
        with activate(tenant):
            due = queries.due_for_cold_storage(before)
            if dry_run:
                _refuse(bus.dry_run(command, actor=SHELL))
            else:
                dispatch(command, actor=SHELL)
        lines = [
            f"{name}: {group.records:,} records of {group.segments} segments, {group.retention},"
            f" retained for {group.years} years"
            for group in due
        ]
        data = {"tenant": name, "done": not dry_run, "classes": [asdict(group) for group in due]}
        return Output("\n".join([*lines, *_not_done(dry_run)]), data)

    def _erase_person(
        self,
        user: int | None,
        text: list[str],
        reason: str,
        requester: str | None,
        dry_run: bool,
        **options: Any,
    ) -> Output:
        command = ErasePerson(user_id=user, texts=tuple(text), reason=reason)
        ((name, tenant),) = _chosen(**options)
        with activate(tenant):
            plan = erasure_plan(user, text)
            request = None
            if dry_run:
                _refuse(bus.dry_run(command, actor=SHELL))
            elif requester is None:
                dispatch(command, actor=SHELL)
            else:
                request = _requested(command, requester, reason)
        lines = [f"{name}: {line}" for line in _erasure_lines(plan)]
        if request:
            lines.append(f"Waits for approval: {request}.")
        data = {
            "tenant": name,
            "request": request.pk if request else None,
            "sentences": len(plan.actor),
            "contents": len(plan.content),
            "versions": plan.versions,
            "retained": plan.retained,
            "retained_until": plan.retained_until,
        }
        return Output("\n".join([*lines, *_not_done(dry_run)]), data)


def _erasure_lines(plan: ErasurePlan) -> Iterator[str]:
    yield f"{len(plan.actor)} sentences and {len(plan.content)} contents with the name of the person"
    if plan.versions:
        yield f"{plan.versions} versions of master data with the name of the person"
    if plan.retained_until:
        yield f"{plan.retained} contents of financial records are retained until {plan.retained_until:%Y-%m-%d}"


def _requested(command: ErasePerson, email: str, reason: str) -> Any:
    user = identity.user_with_email(email)
    if user is None:
        raise CommandError(f"There is no user {email}.", returncode=EXIT_CODE_WRONG_USAGE)
    return approval_gate().request(command, actor=user, reason=reason, key=uuid4().hex)


def _chosen(
    tenant: str | None = None, all: bool = False, **_: Any
) -> Iterator[tuple[str, TenantInfo | None]]:
    if tenant:
        yield tenant, tenant_named(tenant)
        return
    yield PLATFORM, None
    if all:
        yield from ((tenant.slug, tenant) for tenant in active_tenants())


def _head(written: str) -> tuple[int, str]:
    number, _, hash_ = written.partition(":")
    if not is_whole_number(number) or not hash_:
        raise CommandError(f"A head is NUMBER:HASH, not {written!r}.", returncode=EXIT_CODE_WRONG_USAGE)
    return int(number), hash_


def _result_lines(name: str, result: verification.Result) -> Iterator[str]:
    state = "intact" if result.intact else "BROKEN"
    yield (
        f"{name}: {state}, {result.records:,} records in {result.segments:,} segments"
        f" ({result.in_cold_storage:,} in cold storage), {result.rate:,.0f} records/s"
    )
    for fault in result.faults:
        yield f"  {fault.kind}: {fault.detail}"


def _refuse(refusals: Any) -> None:
    if len(refusals) == 1:
        raise refusals[0]
    if refusals:
        raise SeveralRefusals(refusals)


def _not_done(dry_run: bool) -> list[str]:
    return ["Nothing was done."] if dry_run else []
