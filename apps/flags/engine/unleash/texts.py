"""What Unleash reads in texts, as its engine in Rust does: numbers, versions, instants, addresses. None if a text is
something else."""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeAlias

from .. import semver

Instant: TypeAlias = tuple[int, int]
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_CYCLE_YEARS, _CYCLE_S = 400, 146_097 * 86_400
_NUMBER = re.compile(
    r"[+-]?(?:inf|infinity|nan|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?)", re.IGNORECASE
)
_INSTANT = re.compile(
    r"\s*([-+][0-9]{1,6}|[0-9]{1,4})\s*-\s*([0-9]{1,2})\s*-\s*([0-9]{1,2})\s*(?:[Tt]|(?<=\s))"
    r"\s*([0-9]{1,2})\s*:\s*([0-9]{1,2})\s*:\s*([0-9]{1,2})(?:\.([0-9]+))?"
    r"\s*(?:[Zz]|[Uu][Tt][Cc]|([-+\N{MINUS SIGN}])([0-9]{2})[\s:]*([0-5][0-9]))\s*"
)


def number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) and text.isascii() else None


def version(text: str) -> semver.Version | None:
    parsed = semver.parse(text, loose=False)
    return None if parsed is None or max(parsed[:3]) >= 1 << 64 else parsed


def instant(text: str) -> Instant | None:
    """The second since 2000 and its nanoseconds; 1,000,000,000 and more in a leap second."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    nanoseconds = int((match[7] or "0")[:9].ljust(9, "0"))
    if second == 60:
        second, nanoseconds = 59, nanoseconds + 1_000_000_000
    cycle, year = divmod(year - _EPOCH.year, _CYCLE_YEARS)  # of the calendar: Python ends in the year 9999
    try:
        zone = timezone(_offset(match[8], match[9], match[10]))
        moment = datetime(_EPOCH.year + year, month, day, hour, minute, second, tzinfo=zone) - _EPOCH
    except ValueError:
        return None
    return cycle * _CYCLE_S + moment.days * 86_400 + moment.seconds, nanoseconds


def _offset(sign: str | None, hours: str | None, minutes: str | None) -> timedelta:
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return offset if sign in (None, "+") else -offset


def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return None if "%" in text else ipaddress.ip_address(text)
    except ValueError:
        return None


def network(text: str) -> Network | None:
    """`10.0.0.0/8`, `10.0.0.0/255.0.0.0` or one address. Bits of the host do not count."""
    host, slash, prefix = text.partition("/")
    if address(host) is None or not re.fullmatch(r"\+?[0-9]+|[0-9.]+", prefix if slash else "0"):
        return None
    try:
        parsed = ipaddress.ip_network(f"{host}/{prefix.lstrip('+')}" if slash else host, strict=False)
    except ValueError:
        return None
    is_host_mask = "." in prefix and str(parsed.netmask) != prefix
    return None if is_host_mask else parsed
