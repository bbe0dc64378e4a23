"""Where the embedded servers keep their data."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Literal

from config.env import env

Kind = Literal["dev", "test"]

CHECKOUT = Path(__file__).resolve().parents[2]


def home(kind: Kind) -> Path:
    """The directory of one pair of servers, made if it is missing."""
    place = _base() / kind
    place.mkdir(parents=True, exist_ok=True)
    return place


def _base() -> Path:
    if chosen := env().bursar_home:
        return chosen.absolute()
    if os.geteuid() != 0:
        return CHECKOUT / ".bursar"
    # PostgreSQL refuses to run as root, and the user it runs as may not enter root's directories.
    name = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:10]
    return Path("/var/lib/bursar") / name
