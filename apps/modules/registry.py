"""Which modules there are, and which of them are on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string

from apps.kernel.manifest import Module

from .errors import ContractBroken
from .ordering import in_order

KEBAB_CASE = re.compile(r"\A[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
VERSION = re.compile(r"\A\d+\.\d+\.\d+\Z")


@cache
def modules() -> Sequence[Module]:
    """Every installed module, dependencies first. Raises what is wrong with them."""
    found: dict[str, Module] = {}
    for config in apps.get_app_configs():
        if config.name.startswith("apps."):
            module = manifest_of(config.name)
            if module.name in found:
                raise ContractBroken(app=config.name, why=f"the name {module.name} is taken.")
            found[module.name] = module
    return in_order(found)


def manifest_of(app: str) -> Module:
    """The checked manifest of an app. Raises ContractBroken."""
    if find_spec(f"{app}.module") is None:
        raise ContractBroken(app=app, why="it has no module.py.")
    module = getattr(import_module(f"{app}.module"), "MODULE", None)
    if not isinstance(module, Module):
        raise ContractBroken(app=app, why="its module.py has no MODULE = Module(…).")
    check(app, module)
    return module


def check(app: str, module: Module) -> None:
    """Raises ContractBroken when a field of the manifest is not as it must be."""
    if not KEBAB_CASE.match(module.name):
        raise ContractBroken(app=app, why=f"the name {module.name!r} is not kebab-case.")
    if not VERSION.match(module.version):
        raise ContractBroken(app=app, why=f"the version {module.version!r} is not x.y.z.")
    if not module.description.strip():
        raise ContractBroken(app=app, why="it has no description.")


def is_on(module: Module) -> bool:
    """A module without a flag is always on. One with a flag is on unless FEATURE_FLAG_<NAME> says false."""
    if module.flag is None:
        return True
    on: bool = settings.FEATURE_FLAGS.get(module.flag, True)
    return on


def is_open(module: Module) -> bool:
    """It is on, and the current tenant has booked it where it is sold. Listeners hear whatever is booked, so that
    nothing piles up for a plan."""
    return is_on(module) and bool(import_string(settings.ENTITLEMENT)(module.name))


def app_is_on(app: str) -> bool:
    """Whether the module of the app (its folder, as in `fixed_assets`) is installed and on."""
    module = by_name().get(app.replace("_", "-"))
    return module is not None and is_on(module)


def shut(app: str) -> Module | None:
    """The module of the app (its folder) when it is not open here; None when it is, or when there is none."""
    module = by_name().get(app.replace("_", "-"))
    return None if module is None or is_open(module) else module


def by_name() -> Mapping[str, Module]:
    return {module.name: module for module in modules()}
