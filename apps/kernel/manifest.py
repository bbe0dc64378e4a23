"""How an app declares itself: the `MODULE` of its module.py. The registry in `modules` reads and checks it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Health = Literal["healthy", "degraded", "unhealthy"]


def healthy() -> Health:
    """For a module that has nothing of its own which could fail."""
    return "healthy"


@dataclass(frozen=True, kw_only=True)
class Module:
    """An app's face to the module system.

    name          kebab-case; its endpoints are at /api/v1/<name>/
    dependencies  names of modules that must stand before this one
    publishes     names of the events it tells, such as "entry.posted"
    hears         names of the events it listens to
    flag          name of the flag that turns it off, where there is one
    sold          whether a tenant has it only when its plan names it; the others everybody has
    router        dotted path to the URL patterns of its endpoints, where it has any
    grants        role → permissions: what the module lets the tenant's standard roles do
    health        how it is doing, in a few milliseconds
    """

    name: str
    version: str
    description: str
    dependencies: tuple[str, ...] = ()
    publishes: tuple[str, ...] = ()
    subscribes: tuple[str, ...] = ()
    flag: str | None = None
    licensed: bool = False
    router: str | None = None
    grants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    health: Callable[[], Health] = healthy
