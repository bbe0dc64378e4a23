"""The public names that are committed, in `public_names.json`, and the check that none changes unnoticed.

Deliveries, permissions, idempotency keys, retention, dashboards and clients of the API know the code by these names.
The file does not say where a name is declared, so that a move within an app leaves it as it is.

    python -m tests.architecture.public_names            compares the code with the file
    python -m tests.architecture.public_names --write    writes the file anew
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.architecture.collected_names import Attributes, Names, collected

FILE = Path(__file__).with_name("public_names.json")
WRITE = "python -m tests.architecture.public_names --write"


def main(arguments: Sequence[str]) -> int:
    if unknown := set(arguments) - {"--write"}:
        sys.stderr.write(f"{', '.join(sorted(unknown))} is unknown; there is only --write.\n")
        return 2
    names = collected()
    if "--write" in arguments:
        FILE.write_text(rendered(names))
        return 0
    messages = faults(FILE.read_text() if FILE.exists() else "{}", names)
    if messages:
        messages.append(f"Public names changed. If that is intended: {WRITE}, and commit the diff.")
        sys.stderr.write("\n".join(messages) + "\n")
    return 1 if messages else 0


def committed() -> Names:
    names: Names = json.loads(FILE.read_text())
    return names


def faults(text: str, names: Names) -> list[str]:
    """The differences between the committed text and the text for these names."""
    messages = [*differences(json.loads(text), names)]
    if not messages and text != rendered(names):
        messages = [
            "The names are the same, but the file is not in the written form: sorted, one name in a line."
        ]
    return messages


def rendered(names: Names) -> str:
    """JSON with one line for each name, sorted, so that a diff shows names."""
    kinds = [f"{json.dumps(kind)}: {{\n{_lines(names[kind])}\n}}" for kind in sorted(names)]
    return "{\n" + ",\n".join(kinds) + "\n}\n"


def _lines(names: dict[str, Attributes]) -> str:
    return ",\n".join(f" {json.dumps(name)}: {_json(names[name])}" for name in sorted(names))


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def differences(before: Names, after: Names) -> Iterator[str]:
    """`+` added, `-` removed, `~` with other attributes; a line each, under the kind."""
    for kind in sorted({*before, *after}):
        lines = [*_of_kind(before.get(kind, {}), after.get(kind, {}))]
        yield from [f"{kind}:", *lines] if lines else []


def _of_kind(before: dict[str, Attributes], after: dict[str, Attributes]) -> Iterator[str]:
    for name in sorted({*before, *after}):
        if name not in after:
            yield f"  - {name}"
        elif name not in before:
            yield f"  + {name}"
        else:
            yield from _of_name(name, before[name], after[name])


def _of_name(name: str, before: Attributes, after: Attributes) -> Iterator[str]:
    for attribute in sorted({*before, *after}):
        was, now = before.get(attribute), after.get(attribute)
        if was != now:
            yield f"  ~ {name}: {attribute} was {_json(was)}, is {_json(now)}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
