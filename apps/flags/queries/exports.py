"""Export of the register and of all published documents, byte for byte the same while nothing changes."""

from __future__ import annotations

import json
from typing import Any

from apps.flags.documents import FLAG, SEGMENT
from apps.flags.models import Flag, Revision

FORMAT = 1


def exported() -> str:
    """JSON, sorted by key. Retired flags, and flags without a published revision, have no document."""
    documents = {
        (row.kind, row.key): row.document
        for row in Revision.objects.published().filter(kind__in=(FLAG, SEGMENT)).last_of_each_key()
    }
    whole = {
        "format": FORMAT,
        "flags": [
            {**registered(flag), "document": documents.get((FLAG, flag.key))}
            for flag in Flag.objects.order_by("key")
        ],
        "segments": [
            document
            for (kind, _), document in sorted(documents.items())
            if kind == SEGMENT and document is not None
        ],
    }
    return json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def registered(flag: Flag) -> dict[str, Any]:
    return {
        "key": flag.key,
        "category": flag.category,
        "type": flag.value_type,
        "description": flag.description,
        "owner": flag.owner,
        "expires_on": flag.expires_on.isoformat(),
        "retired_at": flag.retired_at.isoformat() if flag.retired_at else None,
    }
