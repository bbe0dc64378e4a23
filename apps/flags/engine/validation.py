"""All problems of a document: its own (reading.py), and those between it and the other documents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from .fields import Fields, Problems
from .outcomes import Override, Problem
from .reading import FORMAT, is_segment, read_flag, read_segment
from .validation_posting import check_posting, check_posting_override
from .validation_references import Documents, Others
from .validation_rules import check_attributes, check_expiry, check_off, check_rules, check_tests

MAX_BYTES = 1_000_000
_OVERRIDE = ("format", "key", "enabled", "roles", "percentage", "description")


def validate(
    document: Any,
    *,
    flags: Documents,
    segments: Documents,
    today: date,
    known_attributes: frozenset[str] | None = None,
) -> list[Problem]:
    """The problems of a flag or segment beside the other documents, all of them together.

    `flags` and `segments` are the documents that are served with it, by key; an older wording of this document among
    them does not count. Without `known_attributes` any attribute may be named.
    """
    problems = _size(document)
    if problems:
        return problems
    reading = read_segment(document) if is_segment(document) else read_flag(document)
    problems = reading.problems
    conditions = reading.conditions
    if conditions is None:
        return problems
    key = document.get("key") if isinstance(document, Mapping) else None
    others = Others(reading, str(key), flags, segments)
    others.check()
    if known_attributes is not None:
        check_attributes(reading, known_attributes)
    check_tests(reading, today)
    if reading.flag is not None:
        check_rules(problems, reading.flag)
    if reading.draft is not None:
        check_off(problems, reading.draft, conditions.dialect.is_off_by_caller)
        check_posting(reading, reading.draft, others.references)
    check_expiry(problems, document, today)
    return list(problems)


def validate_override(document: Any, flag: Mapping[str, Any]) -> list[Problem]:
    """The problems of a tenant's override, which only narrows: off, some roles, a percentage."""
    problems = Problems()
    fields = Fields(
        problems, document, "", (*_OVERRIDE, *(document if isinstance(document, Mapping) else ()))
    )
    for name in sorted(fields.members.keys() - set(_OVERRIDE)):
        fields.add("override_widens", f"{name!r} is the platform's; a tenant only narrows a flag", name)
    if fields.get("format", int, 1) > FORMAT:
        fields.add("newer_format", f"the newest format that is understood is {FORMAT}", "format")
    fields.get("enabled", bool, True)
    allowed = flag.get("roles") or []
    for index, role in enumerate(fields.texts("roles")):
        if allowed and role not in allowed:
            fields.add("override_widens", f"the flag is not for the role {role!r}", "roles", index)
    check_posting_override(problems, fields.members, flag)
    if fields.members.get("percentage") is not None:
        percentage, rollout = fields.percentage("percentage"), flag.get("rollout") or {}
        limit = rollout.get("percentage", 100)
        if percentage > limit:
            message = f"{percentage:g} % is more than the flag's {limit:g} %, which limits the tenant as well"
            problems.add("without_effect", "/percentage", message, is_warning=True)
    return problems


def override_of(document: Mapping[str, Any], revision: int) -> Override:
    """The override that a valid document describes."""
    percentage = document.get("percentage")
    return Override(
        enabled=document.get("enabled", True),
        roles=tuple(document.get("roles") or ()),
        percentage=None if percentage is None else float(percentage),
        revision=revision,
    )


def _size(document: Any) -> Problems:
    problems = Problems()
    try:
        size = len(json.dumps(document, ensure_ascii=False).encode(errors="replace"))
    except RecursionError:
        problems.add("too_deep", "", "the document nests too deep")
    except (TypeError, ValueError) as error:
        problems.add("wrong_type", "", f"the document is no JSON: {error}")
    else:
        if size > MAX_BYTES:
            problems.add("too_large", "", f"the document has {size:,} bytes; {MAX_BYTES:,} are allowed")
    return problems
