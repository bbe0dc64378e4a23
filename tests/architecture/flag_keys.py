"""The flags that code declares and uses: `make check` refuses keys that no flag has, and names expired flags.

python -m tests.architecture.flag_keys             an expired flag is a warning
python -m tests.architecture.flag_keys --release   an expired flag is a fault: `make check RELEASE=1`
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import django

from apps.flags import references
from apps.flags.references import Reference


def main(arguments: Sequence[str]) -> int:
    if unknown := set(arguments) - {"--release"}:
        sys.stderr.write(f"{', '.join(sorted(unknown))} is unknown; there is only --release.\n")
        return 2
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    django.setup()
    from apps.flags.declarations import DECLARED  # filled by the setup

    uses = references.references()
    day = dt.datetime.now(dt.UTC).date()
    faults = [*unregistered_keys(uses, DECLARED), *faulty_declarations(DECLARED, day)]
    warnings = expired_flags(DECLARED, uses, day)
    if "--release" in arguments:
        faults, warnings = [*faults, *warnings], []
    for line in warnings:
        sys.stderr.write(f"warning: {line}\n")
    for line in faults:
        sys.stderr.write(f"{line}\n")
    return 1 if faults else 0


def unregistered_keys(uses: Sequence[Reference], known: Iterable[str]) -> list[str]:
    return [
        f"{use}: there is no flag {use.key!r}; declare it in the flag_declarations.py of the app."
        for use in references.unregistered(uses, known)
    ]


def faulty_declarations(declared: Mapping[str, Any], day: dt.date) -> list[str]:
    """What the command that creates flags refuses: an owner without an address, and a life longer than the policy."""
    from apps.flags.errors import LifetimeTooLong, OwnerMissing
    from apps.flags.rules.register import expiry_must_fit_category, owner_must_be_given

    faults = []
    for key, flag in sorted(declared.items()):
        try:
            owner_must_be_given(flag.owner)
            if flag.expires_on > day:  # an expired flag is reported apart
                expiry_must_fit_category(flag.category, flag.expires_on, day)
        except (LifetimeTooLong, OwnerMissing) as refusal:
            faults.append(f"The flag {key} of {flag.owner}: {refusal}")
    return faults


def expired_flags(declared: Mapping[str, Any], uses: Sequence[Reference], day: dt.date) -> list[str]:
    uses_by_key = references.by_key(uses)
    return [
        f"The flag {key} of {flag.owner} has expired on {flag.expires_on}: retire it, or extend it and change the date"
        f" of its declaration, which counts here."
        f" Used in {', '.join(map(str, uses_by_key.get(key, ()))) or 'no module'}."
        for key, flag in sorted(declared.items())
        if flag.expires_on < day
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
