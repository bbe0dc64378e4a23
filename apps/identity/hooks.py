"""What others may plug in: what a token says of the person it was given to, and why no support comes in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Claim = Callable[[Any], Any]
"""Takes the User; models stand above hooks, so its type cannot be named here."""

_claims: dict[str, Claim] = {}


def token_claim(name: str, function: Claim) -> None:
    """Every access token says `name`: what `function(user)` answers when the token is made, in the user's tenant.
    None is left out. It must be a JSON value, and is at most as old as the token."""
    _claims[name] = function


def claims_of(user: Any) -> Mapping[str, Any]:
    """What all of them say of the user."""
    said = {name: function(user) for name, function in _claims.items()}
    return {name: value for name, value in said.items() if value is not None}


Check = Callable[[], None]
_support_checks: list[Check] = []


def support_check(check: Check) -> Check:
    """Registers a check, in an app's hookimpls.py. It raises a Refusal where the current tenant wants no support. It is
    asked at every request of a visit, so it makes no query when it is warm."""
    if check not in _support_checks:
        _support_checks.append(check)
    return check


def run_support_checks() -> None:
    for check in _support_checks:
        check()
