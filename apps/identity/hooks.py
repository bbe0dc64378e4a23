"""Extension point: claims of access tokens."""

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
