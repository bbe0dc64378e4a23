"""Verbs that read: `list`, `show`, `explain`, `history` and `export`."""

from __future__ import annotations

import datetime as dt
import json
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from apps.console.terminal import Output
from apps.flags import inspection, queries
from apps.flags.errors import FlagNotFound
from apps.flags.models import Flag, Kill, Revision
from apps.identity import queries as identity
from apps.kernel import strict_json
from apps.kernel.exit_codes import EXIT_CODE_WRONG_USAGE
from apps.kernel.notation.arguments import instant
from apps.kernel.tenant import current_tenant

from .publishing import as_json

STATES = ("", "active", "killed", "retired")
MARKS = {True: "pass", False: "stop", None: "–"}


def add_list(parser: ArgumentParser) -> None:
    parser.add_argument("--category", default="", choices=["", *Flag.Category.values])
    parser.add_argument("--state", default="", choices=STATES)
    parser.add_argument("--owner", default="")


def list_flags(*, category: str, state: str, owner: str, **_: Any) -> Output:
    """In a tenant, what each flag serves there; on the platform the register."""
    if current_tenant():
        flags = [one.as_data() for one in inspection.evaluated(queries.context_of(None))]
        lines = [f"{one['key']:<40}  {as_json(one['value']):<12}  {one['reason']}" for one in flags]
        return Output("\n".join(lines) or "No flags.", {"flags": flags})
    killed = set(Kill.objects.filter(revived_at=None).values_list("key", flat=True))
    rows = [_facts(flag, killed) for flag in Flag.objects.order_by("key")]
    wanted = {"category": category, "state": state, "owner": owner}
    chosen = [row for row in rows if all(not value or row[name] == value for name, value in wanted.items())]
    lines = [
        f"{row['key']:<40}  {row['category']:<10}  {row['state']:<8}  {row['expires_on']}  {row['owner']}"
        for row in chosen
    ]
    return Output("\n".join(lines) or "No flags.", {"flags": chosen})


def _facts(flag: Flag, killed: set[str]) -> dict[str, Any]:
    state = "retired" if flag.is_retired else "killed" if flag.key in killed else "active"
    return {
        "key": flag.key,
        "category": flag.category,
        "type": flag.value_type,
        "state": state,
        "owner": flag.owner,
        "expires_on": flag.expires_on.isoformat(),
        "description": flag.description,
        "posting": flag.posting,
    }


def show(*, key: str, **_: Any) -> Output:
    """The register, the last published document, and the active kill."""
    kind = Revision.Kind.OVERRIDE if current_tenant() else Revision.Kind.FLAG
    flag = queries.flag_of_platform(key)
    if flag is None:
        raise FlagNotFound(key=key)
    published = queries.latest(kind, key)
    kills = [kill for kill in queries.kills_of(key) if kill.is_active]
    data = _facts(flag, {kill.key for kill in kills}) | {
        "document": published.document if published else None,
        "revision": published.pk if published else 0,
        "kill": kills[0].pk if kills else None,
    }
    document = json.dumps(data["document"], indent=2, sort_keys=True, ensure_ascii=False)
    lines = [f"{name:<12}{data[name]}" for name in ("key", "category", "state", "owner", "expires_on")]
    lines += [f"revision    {data['revision'] or 'none'}", document]
    return Output("\n".join(lines), data)


def add_explain(parser: ArgumentParser) -> None:
    parser.add_argument("--user", default="", metavar="EMAIL")
    parser.add_argument(
        "--set", dest="attributes", action="append", type=attribute, default=[], metavar="NAME=VALUE"
    )
    parser.add_argument("--as-of", type=instant, default=None, help="By the revisions of this instant.")


def explain(
    *, key: str, user: str, attributes: list[tuple[str, Any]], as_of: dt.datetime | None, **_: Any
) -> Output:
    """Every layer, and the one that decides."""
    person = identity.user_with_email(user) if user else None
    if user and person is None:
        raise CommandError(f"No user has the e-mail address {user}.", returncode=EXIT_CODE_WRONG_USAGE)
    context = inspection.context_for(dict(attributes), person.pk if person else None)
    one = inspection.explained(key, context, as_of)
    layers = [{"name": layer.name, "passed": layer.passed, "text": layer.text} for layer in one.layers]
    reached = [layer for layer in layers if layer["passed"] is not None]
    decided = next((layer["name"] for layer in reached if not layer["passed"]), reached[-1]["name"])
    lines = [f"{MARKS[layer['passed']]:<5} {layer['name']:<14} {layer['text']}" for layer in layers]
    evaluation = one.evaluation
    lines.append(
        f"{key} = {as_json(evaluation.value)}: {evaluation.reason}, decided by {decided}"
        f" (variant {evaluation.variant}, rule {evaluation.rule}, revision {evaluation.revision})"
    )
    return Output("\n".join(lines), {**one.as_data(), "layers": layers, "decided_by": decided})


def attribute(text: str) -> tuple[str, Any]:
    """NAME=VALUE; a value that is JSON is of its type, and text otherwise."""
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise ArgumentTypeError("write NAME=VALUE")
    try:
        return name, strict_json.loads(value)
    except strict_json.NotStrictJSON:
        return name, value


def history(*, key: str, **_: Any) -> Output:
    """The published revisions, newest first, with the differences from the one before."""
    kind = Revision.Kind.OVERRIDE if current_tenant() else Revision.Kind.FLAG
    entries = queries.history(kind, key)
    if not entries and queries.flag_of_platform(key) is None:
        raise FlagNotFound(key=key)
    lines = []
    for entry in entries:
        lines.append(f"{entry.revision.pk:>6}  {entry.effective_from}  {entry.author_name}: {entry.reason}")
        lines += [
            f"        {pointer or '/'}: {as_json(a)} → {as_json(b)}" for pointer, a, b in entry.differences
        ]
    revisions = [
        {
            "revision": entry.revision.pk,
            "change_set": entry.revision.change_set_id,
            "effective_from": entry.effective_from,
            "author": entry.author_name,
            "reason": entry.reason,
            "differences": [one._asdict() for one in entry.differences],
        }
        for entry in entries
    ]
    return Output("\n".join(lines) or "No published revision.", {"key": key, "revisions": revisions})


def add_export(parser: ArgumentParser) -> None:
    parser.add_argument("--out", default="", metavar="FILE", help="Without it, stdout.")


def export(*, out: str, **_: Any) -> Output:
    text = queries.exported()
    if not out:
        return Output(text.rstrip("\n"), json.loads(text))
    try:
        Path(out).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(
            f"{out} cannot be written: {error.strerror}.", returncode=EXIT_CODE_WRONG_USAGE
        ) from None
    return Output(f"Written to {out}.", {"file": out})
