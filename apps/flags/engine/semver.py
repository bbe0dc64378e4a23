"""Versions in the order of https://semver.org, strict or loose (`1.2`, `v1.2.3`)."""

from __future__ import annotations

import re
from typing import TypeAlias

_NUMBER = r"(0|[1-9]\d{0,30})"
_TAIL = r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
_DIGITS = re.compile(r"[0-9]+")
_STRICT = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}{_TAIL}", re.ASCII)
_LOOSE = re.compile(rf"[vV]?{_NUMBER}(?:\.{_NUMBER})?(?:\.{_NUMBER})?{_TAIL}", re.ASCII)
_MAX_LENGTH = 256

# Numbers of a pre-release are smaller than its words; a version without one is larger than all with one.
Version: TypeAlias = tuple[int, int, int, tuple[tuple[int, int, str], ...]]
_RELEASE = ((2, 0, ""),)


def parse(text: object, *, loose: bool) -> Version | None:
    """A key that sorts as the versions do; None if the text is no version."""
    if not isinstance(text, str) or len(text) > _MAX_LENGTH:
        return None
    match = (_LOOSE if loose else _STRICT).fullmatch(text)
    if match is None:
        return None
    major, minor, patch, pre = match.groups()
    parts = _prerelease(pre) if pre else _RELEASE
    return None if parts is None else (int(major), int(minor or 0), int(patch or 0), parts)


def _prerelease(pre: str) -> tuple[tuple[int, int, str], ...] | None:
    parts = []
    for part in pre.split("."):
        if _DIGITS.fullmatch(part):
            if len(part) > 1 and part[0] == "0":
                return None
            parts.append((0, int(part), ""))
        else:
            parts.append((1, 0, part))
    return tuple(parts)
