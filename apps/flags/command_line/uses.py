"""The verb `references`: where code uses flags."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from apps.console.terminal import Output
from apps.flags import references
from apps.flags.models import Flag
from apps.kernel.features import DECLARED


def add_references(parser: ArgumentParser) -> None:
    parser.add_argument("--key", default="", help="Of one flag only.")
    parser.add_argument("--retired", action="store_true", help="Of retired flags only, by owner.")


def list_references(*, key: str, retired: bool, **_: Any) -> Output:
    """Every use, with flags that are retired or that no app declares."""
    owners = dict(Flag.objects.exclude(retired_at=None).values_list("key", "owner"))
    uses = [use for use in references.references() if not key or use.key == key]
    rows = [
        {
            "key": use.key,
            "path": use.path,
            "line": use.line,
            "is_retired": use.key in owners,
            "is_declared": use.key in DECLARED,
            "owner": owners.get(use.key, ""),
        }
        for use in uses
        if not retired or use.key in owners
    ]
    lines = [f"{row['key']:<40}  {row['path']}:{row['line']}{_note(row)}" for row in rows]
    return Output("\n".join(lines) or "No references.", {"references": rows})


def _note(row: dict[str, Any]) -> str:
    if row["is_retired"]:
        return f"  retired, owned by {row['owner']}"
    return "" if row["is_declared"] else "  not declared"
