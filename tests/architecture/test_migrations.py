"""The migrations of an app depend on those of lower layers only."""

import tomllib
from pathlib import Path

from django.apps import apps
from django.db.migrations.loader import MigrationLoader

ROOT = Path(__file__).parents[2]


def test_migrations_depend_on_lower_layers_only():
    height = heights()
    upward = [
        f"{app}.{name} -> {lower_app}.{lower}"
        for (app, name), migration in MigrationLoader(None).disk_migrations.items()
        for lower_app, lower in migration.dependencies
        if is_of_an_app(app)
        and lower_app != app
        and is_of_an_app(lower_app)
        and height[lower_app] >= height[app]
    ]

    assert upward == []


def heights() -> dict[str, int]:
    """The layer of each app, from the lowest, as the import contract orders them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract.get("containers") == ["apps"])
    return {app: height for height, layer in enumerate(reversed(layers)) for app in layer.split(" | ")}


def is_of_an_app(app: str) -> bool:
    return app != "__setting__" and apps.get_app_config(app).name.startswith("apps.")
