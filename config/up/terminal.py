"""Output of the runner and its processes, each line labelled with the name of the process."""

from __future__ import annotations

import sys
from contextlib import suppress
from zlib import crc32

WIDTH = 9
COLOURS = (31, 32, 33, 34, 35, 36, 92, 93, 94, 95, 96)


def write_line(line: str, name: str = "bursar") -> None:
    # A closed terminal must not interrupt stopping.
    with suppress(OSError, ValueError):
        sys.stdout.write(f"{_label(name)} {line.rstrip()}\n")
        sys.stdout.flush()


def _label(name: str) -> str:
    label = f"{name:{WIDTH}} |"
    if not sys.stdout.isatty():
        return label
    colour = COLOURS[crc32(name.encode()) % len(COLOURS)]
    return f"\x1b[{colour}m{label}\x1b[0m"
