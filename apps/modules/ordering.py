"""The order of modules: dependencies first. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from apps.kernel.manifest import Module

from .errors import DependenciesCircular, DependencyMissing


def in_order(modules: Mapping[str, Module]) -> Sequence[Module]:
    """A→B,C and B→C gives C, B, A. Raises DependencyMissing or DependenciesCircular."""
    for module in modules.values():
        for dependency in module.dependencies:
            if dependency not in modules:
                raise DependencyMissing(module=module.name, dependency=dependency)
    graph = {name: modules[name].dependencies for name in sorted(modules)}
    try:
        return [modules[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise DependenciesCircular(circle=" → ".join(error.args[1])) from error
