"""The installed modules, and which of them are on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string

from apps.kernel import features
from apps.kernel.manifest import Module

from .errors import ContractBroken
from .ordering import in_order

KEBAB_CASE = re.compile(r"\A[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
VERSION = re.compile(r"\A\d+\.\d+\.\d+\Z")


@cache
def modules() -> Sequence[Module]:
    """All installed modules, dependencies first. Raises ContractBroken, DependencyMissing or
    DependenciesCircular if the set is invalid."""
    installed: dict[str, Module] = {}
    for config in apps.get_app_configs():
        if config.name.startswith("apps."):
            module = manifest_of(config.name)
            if module.name in installed:
                raise ContractBroken(app=config.name, why=f"the name {module.name} is taken.")
            installed[module.name] = module
    return in_order(installed)


def manifest_of(app: str) -> Module:
    """The validated manifest of an app. Raises ContractBroken."""
    if find_spec(f"{app}.module") is None:
        raise ContractBroken(app=app, why="it has no module.py.")
    module = getattr(import_module(f"{app}.module"), "MODULE", None)
    if not isinstance(module, Module):
        raise ContractBroken(app=app, why="its module.py has no MODULE = Module(…).")
    check(app, module)
    return module


def check(app: str, module: Module) -> None:
    """Raises ContractBroken if a field of the manifest is invalid."""
    if not KEBAB_CASE.match(module.name):
        raise ContractBroken(app=app, why=f"the name {module.name!r} is not kebab-case.")
    if not VERSION.match(module.version):
        raise ContractBroken(app=app, why=f"the version {module.version!r} is not x.y.z.")
    if not str(module.description).strip():
        raise ContractBroken(app=app, why="it has no description.")


def is_on(module: Module) -> bool:
    """A module without a flag is always on. One with a flag is on unless FEATURE_FLAG_<NAME> is false."""
    if module.flag is None:
        return True
    on: bool = settings.FEATURE_FLAGS.get(module.flag, True)
    return on


def is_open(module: Module, actor: Any = None) -> bool:
    """Whether the module is on, in the plan of the current tenant, and its flag is on for the tenant and the actor; by
    default the current actor. Listeners ignore plan and flag, so that no events accumulate."""
    return (
        is_on(module)
        and is_entitled(module)
        and (module.flag is None or features.is_open(module.flag, actor=actor))
    )


def is_entitled(module: Module) -> bool:
    """Whether the plan of the current tenant has the module."""
    return bool(import_string(settings.ENTITLEMENT)(module.name))


def app_is_on(app: str) -> bool:
    """Whether the module of the app (its folder, as in `fixed_assets`) is installed and on."""
    module = by_name().get(app.replace("_", "-"))
    return module is not None and is_on(module)


def unavailable_module(app: str) -> Module | None:
    """The module of the app (its folder) if it is not open in the current tenant; None otherwise."""
    module = by_name().get(app.replace("_", "-"))
    return None if module is None or is_open(module) else module


def by_name() -> Mapping[str, Module]:
    return {module.name: module for module in modules()}
