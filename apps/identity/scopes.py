"""The scopes of tokens and API that stand for permissions with another name."""

from __future__ import annotations

from collections.abc import Collection

PERMISSION_OF = {
    "settings.manage": "settings.manage_settings",
    "settings.manage_bulk": "settings.manage_settings_in_bulk",
    "features.manage": "flags.manage_flags",
    "features.evaluate": "flags.evaluate_flags",
    "features.kill": "flags.kill_flag",
    "tenant.impersonate": "tenancy.impersonate",
}


def of(permissions: Collection[str]) -> list[str]:
    """The scopes that correspond to these permissions."""
    return [scope for scope, permission in PERMISSION_OF.items() if permission in permissions]


def permissions(scopes: Collection[str]) -> set[str]:
    return {PERMISSION_OF[scope] for scope in scopes if scope in PERMISSION_OF}
