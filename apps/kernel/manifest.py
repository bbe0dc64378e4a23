"""The manifest of an app: `MODULE` in its module.py. The registry in `apps.modules` reads and checks it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from django.utils.functional import Promise

Health = Literal["healthy", "degraded", "unhealthy"]


def healthy() -> Health:
    """For a module without external dependencies."""
    return "healthy"


@dataclass(frozen=True, kw_only=True)
class Module:
    """The manifest.

    name          kebab-case; its endpoints are at /api/v1/<name>/
    dependencies  names of modules that must be loaded before this one
    publishes     names of its events, such as "entry.posted"
    subscribes    names of the events it listens to
    flag          name of the feature flag that turns it off, if any
    licensed      whether a tenant needs a plan that names it; all tenants have the others
    router        dotted path to the URL patterns of its endpoints, if any
    grants        role → permissions of the tenant's standard roles
    health        its health, computed in a few milliseconds
    """

    name: str
    version: str
    description: str | Promise
    dependencies: tuple[str, ...] = ()
    publishes: tuple[str, ...] = ()
    subscribes: tuple[str, ...] = ()
    flag: str | None = None
    licensed: bool = False
    router: str | None = None
    grants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    health: Callable[[], Health] = healthy
