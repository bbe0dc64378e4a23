"""Documents of other systems of flags as a file that `ImportFlags` reads: the state of Unleash's client API, or a
document of flagd."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from apps.flags.engine.importers import Imported, import_flagd, import_unleash
from apps.flags.errors import ImportMalformed
from apps.kernel import strict_json

READERS: Mapping[str, Callable[[Any], Imported]] = {"unleash": import_unleash, "flagd": import_flagd}
FORMAT = 1


@dataclass(frozen=True)
class PeerFile:
    """`problems` names what the other system has and a flag cannot express: such a flag is closed, or left out."""

    text: str
    problems: Sequence[str]


def peer_file(text: str, peer: str, *, owner: str, category: str, expires_on: dt.date) -> PeerFile:
    """The owner, the category and the expiry are those of all new flags. Raises ImportMalformed."""
    try:
        document = strict_json.loads(text)
    except strict_json.NotStrictJSON as error:
        raise ImportMalformed(place="/", why=str(error)) from error
    imported = READERS[peer](document)
    problems = [f"{one.place or '/'}: {one.message} ({one.code})" for one in imported.problems]
    if not imported.flags:
        nothing = gettext("it has no flags")
        raise ImportMalformed(place="/", why="; ".join(problems) or nothing)
    names = {key: name for name, key in imported.keys.items()}
    whole = {
        "format": FORMAT,
        "flags": [
            {
                "key": flag["key"],
                "category": category,
                "type": flag["type"],
                "description": f"{peer}: {names.get(flag['key'], flag['key'])}",
                "owner": owner,
                "expires_on": expires_on.isoformat(),
                "document": flag,
            }
            for flag in imported.flags
        ],
        "segments": list(imported.segments),
    }
    return PeerFile(json.dumps(whole), problems)
