"""Verbs that change documents: `set`, `import` and `restore`."""

from __future__ import annotations

import datetime as dt
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from apps.bus import dispatch
from apps.console.terminal import SHELL, Output
from apps.flags import queries
from apps.flags.commands import (
    CancelScheduledChange,
    ItemChange,
    ProposeChange,
    RestoreRevision,
)
from apps.flags.errors import FlagNotFound
from apps.flags.models import ChangeSet, Revision
from apps.kernel import strict_json
from apps.kernel.exit_codes import EXIT_CODE_WRONG_USAGE
from apps.kernel.features import DECLARED
from apps.kernel.notation.arguments import whole_number
from apps.kernel.tenant import current_tenant

from .publishing import add_publication, add_reason, propose, would_succeed

FIELDS = ("enabled", "default_variant", "percentage", "unit", "roles")
OF_OVERRIDE = ("enabled", "percentage", "roles")
OF_ROLLOUT = ("percentage", "unit")


def add_set(parser: ArgumentParser) -> None:
    parser.add_argument("--document", default="", metavar="FILE", help="The whole document; - is stdin.")
    parser.add_argument("--enable", action="store_const", const=True, dest="enabled")
    parser.add_argument("--disable", action="store_const", const=False, dest="enabled")
    parser.add_argument("--default-variant", metavar="VARIANT")
    parser.add_argument("--percentage", type=percentage, help="0 to 100, in steps of 0.001.")
    parser.add_argument("--unit", choices=("user", "company", "tenant"))
    parser.add_argument("--role", action="append", dest="roles", metavar="ROLE", help="May be repeated.")
    parser.add_argument("--remove", action="store_true", help="Remove the override, or retire the flag.")
    add_publication(parser)


def set_flag(
    *, key: str, document: str, remove: bool, reason: str, effective_at: dt.datetime | None, **options: Any
) -> Output:
    """Changes named fields of the last published document, or replaces it. In a tenant this is its override."""
    kind = Revision.Kind.OVERRIDE if current_tenant() else Revision.Kind.FLAG
    if queries.flag_of_platform(key) is None:
        raise FlagNotFound(key=key)
    fields = {name: options.pop(name) for name in FIELDS}
    chosen = {name: value for name, value in fields.items() if value is not None}
    if bool(document) + bool(chosen) + remove != 1:
        raise CommandError(
            "Use --document, --remove, or fields such as --disable.", returncode=EXIT_CODE_WRONG_USAGE
        )
    if kind == Revision.Kind.OVERRIDE and (lacking := sorted(chosen.keys() - {*OF_OVERRIDE})):
        names = ", ".join(f"--{name.replace('_', '-')}" for name in lacking)
        raise CommandError(
            f"An override of a tenant has no {names}: it only narrows.", returncode=EXIT_CODE_WRONG_USAGE
        )
    published = queries.latest(kind, key)
    before = _served(kind, key, published)
    after = None if remove else json_in(document) if document else _changed(kind, key, before, chosen)
    item = ItemChange(kind=kind, key=key, document=after, base=published.pk if published else 0)
    command = ProposeChange(items=(item,), reason=reason, effective_at=effective_at)
    return propose(command, reason=reason, **options)


def _served(kind: str, key: str, published: Revision | None) -> Mapping[str, Any]:
    """Before its first revision, a flag serves what its declaration says."""
    if published is None and kind == Revision.Kind.FLAG and key in DECLARED:
        return DECLARED[key].document
    return (published.document if published else None) or {}


def percentage(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ArgumentTypeError("this is no number") from None
    if not 0 <= value <= 100:
        raise ArgumentTypeError("it is from 0 to 100")
    return value


def _changed(kind: str, key: str, before: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    if kind == Revision.Kind.OVERRIDE:
        return {"format": 1, "key": key, "enabled": True, **before, **fields}
    document = {**before, **{name: value for name, value in fields.items() if name not in OF_ROLLOUT}}
    if rollout := {name: value for name, value in fields.items() if name in OF_ROLLOUT}:
        document["rollout"] = _rollout(before.get("rollout") or {}, rollout)
    return document


def _rollout(before: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
    """A percentage replaces planned stages and their guards, as in the console."""
    if "stages" in before and "percentage" not in chosen:
        return {**before, **chosen}
    unchanged = {name: value for name, value in before.items() if name not in ("stages", "guards")}
    return {"unit": "user", "percentage": 100.0} | unchanged | dict(chosen)


def add_cancel(parser: ArgumentParser) -> None:
    parser.add_argument("change_set_id", type=whole_number(), metavar="CHANGE_SET")
    add_reason(parser)


def add_restore(parser: ArgumentParser) -> None:
    parser.add_argument("revision_id", type=whole_number(), metavar="REVISION", help="As in history.")
    add_publication(parser)


def restore(*, revision_id: int, reason: str, effective_at: dt.datetime | None, **options: Any) -> Output:
    command = RestoreRevision(revision_id=revision_id, reason=reason, effective_at=effective_at)
    return propose(command, reason=reason, **options)


def cancel(*, change_set_id: int, reason: str, dry_run: bool, **_: Any) -> Output:
    """A published change before its date. What is served stays, so this needs no approval."""
    command = CancelScheduledChange(change_set_id=change_set_id, reason=reason)
    if dry_run:
        return would_succeed(command)
    cancelled: ChangeSet = dispatch(command, actor=SHELL)
    return Output(f"Cancelled: {cancelled}.", {"change_set": cancelled.pk, "state": cancelled.state})


def text_in(path: str) -> str:
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}", returncode=EXIT_CODE_WRONG_USAGE) from None


def json_in(path: str) -> Any:
    try:
        return strict_json.loads(text_in(path))
    except strict_json.NotStrictJSON as error:
        raise CommandError(f"{path} is not JSON: {error}", returncode=EXIT_CODE_WRONG_USAGE) from None
