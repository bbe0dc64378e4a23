"""What apps do after the platform was migrated.

    @after_migration
    def register_flags() -> None: …

A function must be idempotent: it runs after each `migrate_schemas`, as the platform, in the home database.
"""

from __future__ import annotations

from collections.abc import Callable

FUNCTIONS: list[Callable[[], None]] = []


def after_migration(function: Callable[[], None]) -> Callable[[], None]:
    FUNCTIONS.append(function)
    return function
