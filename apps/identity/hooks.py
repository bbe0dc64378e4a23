"""Extension points: claims of access tokens, and checks that refuse support access."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Claim = Callable[[Any], Any]
"""Takes the User; models are a higher layer than hooks, so its type cannot be named here."""

_claims: dict[str, Claim] = {}


def token_claim(name: str, function: Claim) -> None:
    """Adds the claim `name` to every access token: the result of `function(user)` in the user's tenant when the token
    is issued. It must be a JSON value; None is left out."""
    _claims[name] = function


def claims_of(user: Any) -> Mapping[str, Any]:
    """All registered claims of the user."""
    claims = {name: function(user) for name, function in _claims.items()}
    return {name: value for name, value in claims.items() if value is not None}


Check = Callable[[], None]
_support_checks: list[Check] = []


def support_check(check: Check) -> Check:
    """Registers a check, in an app's hookimpls.py. It raises a Refusal if the current tenant permits no support
    access. It runs at every request of a support session, so it must be cached."""
    if check not in _support_checks:
        _support_checks.append(check)
    return check


def run_support_checks() -> None:
    for check in _support_checks:
        check()
