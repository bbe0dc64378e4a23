"""The public names of the code, read from the registries in which the apps declare them. No database is asked."""

from __future__ import annotations

import os
import pkgutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any

Attributes = dict[str, Any]
Names = dict[str, dict[str, Attributes]]
"""Kind → name → what depends on the name."""
Found = Iterable[tuple[str, Attributes]]


class NameTaken(Exception):
    """Two things of one kind have the same public name."""


def collected() -> Names:
    """Every public name of the apps. Raises NameTaken. Sets Django up, and imports all modules of all apps, so that
    whatever declares a name has done so."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    import django

    django.setup()
    import_all("apps")
    return gathered(KINDS)


def gathered(kinds: Mapping[str, Callable[[], Found]]) -> Names:
    """Raises NameTaken."""
    names: Names = {}
    for kind, read in kinds.items():
        names[kind] = {}
        for name, attributes in read():
            if name in names[kind]:
                raise NameTaken(f"{kind}: {name} is declared twice.")
            names[kind][name] = {key: value for key, value in attributes.items() if value}
    return names


def import_all(package: str) -> None:
    """All modules but migrations, which belong to the past."""
    for module in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
        if ".migrations" not in module.name:
            import_module(module.name)


def is_of_an_app(declared: Any) -> bool:
    """Of the apps, and not of a test."""
    return bool(declared.__module__.startswith("apps."))


def audit_sentences() -> Found:
    """The templates of audit sentences. Records keep the arguments by the names of the placeholders."""
    from apps.audit.sentences import READINGS, placeholders
    from apps.bus.registry import commands

    templates = {
        command.command_name(): command.audit_message for command in filter(is_of_an_app, commands())
    }
    for code, template in {**templates, **READINGS}.items():
        yield code, {"placeholders": [*placeholders(template)]}


def commands() -> Found:
    from apps.audit.retention import class_of
    from apps.bus.idempotency.claims import scope_of
    from apps.bus.registry import commands, handled

    for command in filter(is_of_an_app, commands()):
        name = command.command_name()
        yield (
            name,
            {
                "app": command.app(),
                "permission": command.permission,
                "idempotency_scope": scope_of(command),
                "fact": [*command.fact],
                "retention": class_of(name),
                "queue": command.queue,
                "flag": command.flag,
                "events": sorted(event.name for event in handled(command).emits),
            },
        )


def permissions() -> Found:
    """Those that models declare, and those of Django's own that roles are granted."""
    from django.apps import apps

    from apps.modules.registry import modules

    roles: dict[str, set[str]] = defaultdict(set)
    for module in modules():
        for role, granted in module.grants.items():
            for permission in granted:
                roles[permission].add(role)
    models = {
        f"{model._meta.app_label}.{codename}": model._meta.label
        for model in filter(is_of_an_app, apps.get_models())
        for codename, _ in model._meta.permissions
    }
    for name in {*models, *roles}:
        yield name, {"model": models.get(name), "roles": sorted(roles[name])}


def token_scopes() -> Found:
    from apps.identity.scopes import PERMISSION_OF

    return [(scope, {"permission": permission}) for scope, permission in PERMISSION_OF.items()]


def roles() -> Found:
    from apps.identity.roles import names

    return [(name, {}) for name in names()]


def events() -> Found:
    from apps.events import EVENTS
    from apps.kernel.naming import app_of

    for event in filter(is_of_an_app, EVENTS.values()):
        yield (
            event.name,
            {
                "app": app_of(event),
                "version": event.version,
                "internal": event.internal,
                "instrumented_as": event.instrumented_as,
            },
        )


def instrumentation() -> Found:
    from apps.kernel.observability.instrumentation import REQUIRED

    return [(name, {"ids": [*ids]}) for name, ids in REQUIRED.items()]


def subscribers() -> Found:
    from apps.events import SUBSCRIBERS

    for subscriber in SUBSCRIBERS.values():
        if is_of_an_app(subscriber.listener):
            yield (
                subscriber.name,
                {"app": subscriber.app, "event": subscriber.subscribes, "queue": subscriber.queue},
            )


def sagas() -> Found:
    from apps.sagas.declaration import SAGAS

    for saga in SAGAS.values():
        trigger = saga.trigger.name if saga.trigger else None
        yield saga.name, {"queue": saga.queue, "trigger": trigger, "steps": saga.names}


def tasks() -> Found:
    from config.celery import app

    app.loader.import_default_modules()
    for name, task in app.tasks.items():
        if not name.startswith("celery."):
            yield (
                name,
                {"queue": getattr(task, "queue_name", None), "platform": getattr(task, "platform", False)},
            )


def schedules() -> Found:
    """The schedules of beat, and those that one task of beat sends to each tenant."""
    from django.conf import settings

    from apps.kernel.queues.periodic import PERIODIC

    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        yield name, {"task": entry["task"], "seconds": entry["schedule"]}
    for name, schedule in PERIODIC.items():
        yield name, {"task": schedule.task, "seconds": schedule.seconds, "where": schedule.where}


def queues() -> Found:
    from apps.kernel.queues.policies import POLICIES, POOLS

    pools = {queue: pool for pool, taken in POOLS.items() for queue in taken}
    return [(name, {"pool": pools[name]}) for name in POLICIES]


def settings_keys() -> Found:
    from apps.settings.definitions import all_definitions

    return [
        (setting.key, {"type": getattr(setting.type, "__name__", str(setting.type))})
        for setting in all_definitions()
    ]


def modules() -> Found:
    from apps.modules.registry import modules

    return [(module.name, {"flag": module.flag, "licensed": module.licensed}) for module in modules()]


def limits() -> Found:
    from apps.kernel.limits import LIMITS

    return [(limit.name, {"unit": str(limit.unit)}) for limit in LIMITS.values()]


def notice_kinds() -> Found:
    from apps.notices.hooks import all_definitions

    return [
        (kind.name, {"where": kind.where, "selectable": kind.selectable})
        for kind in all_definitions().values()
    ]


def retention_classes() -> Found:
    from apps.audit.retention import classes

    return [(name, {"years": years}) for name, years in classes().items()]


def errors() -> Found:
    from apps.kernel.errors import code_of
    from apps.kernel.naming import app_of

    for refusal in refusals():
        status = (
            refusal.status if isinstance(refusal.status, int) else None
        )  # several refusals: the gravest one's
        yield code_of(refusal), {"app": app_of(refusal), "status": status}


def enforced_by() -> Found:
    """The SQLSTATEs and constraints with which the database refuses, and the errors as which that is reported."""
    from apps.kernel.errors import code_of

    for refusal in refusals():
        for name in vars(refusal).get("enforced_by", ()):
            yield name, {"error": code_of(refusal)}


def refusals() -> Iterator[type[Any]]:
    from apps.kernel.errors import Refusal

    return filter(is_of_an_app, [Refusal, *_below(Refusal)])


def _below(family: type[Any]) -> Iterator[type[Any]]:
    """Each subclass once, also if it has several bases in the family."""
    yield from {name: None for child in family.__subclasses__() for name in (child, *_below(child))}


def advisory_locks() -> Found:
    from apps.kernel.db.locks import LOCKS, TableLock

    return [(lock.text, {"of_table": isinstance(lock, TableLock)}) for lock in LOCKS.values()]


def metrics() -> Found:
    from prometheus_client import REGISTRY
    from prometheus_client.metrics import MetricWrapperBase

    from apps.kernel.observability.metrics import GAUGES

    for name in REGISTRY._collector_to_names:
        if isinstance(name, MetricWrapperBase):
            yield name._name, {"type": name._type, "labels": [*name._labelnames]}
    for gauge in GAUGES.values():
        yield gauge.name, {"type": "gauge", "labels": [*gauge.labels]}


def cache_areas() -> Found:
    from apps.kernel.cache.caching import AREAS

    return [(area.area, {"of": area.of or "the current tenant"}) for area in AREAS]


def models() -> Found:
    """Stored by audit records, content types and idempotency keys."""
    from django.apps import apps

    return [
        (model._meta.label, {"table": model._meta.db_table})
        for model in filter(is_of_an_app, apps.get_models())
    ]


def management_commands() -> Found:
    from django.core.management import get_commands

    for name, package in get_commands().items():
        if str(package).startswith("apps."):
            yield name, {"app": str(package).removeprefix("apps.")}


KINDS: dict[str, Callable[[], Found]] = {
    "advisory_locks": advisory_locks,
    "audit_sentences": audit_sentences,
    "cache_areas": cache_areas,
    "commands": commands,
    "enforced_by": enforced_by,
    "errors": errors,
    "events": events,
    "instrumentation": instrumentation,
    "limits": limits,
    "management_commands": management_commands,
    "metrics": metrics,
    "models": models,
    "modules": modules,
    "notice_kinds": notice_kinds,
    "permissions": permissions,
    "queues": queues,
    "retention_classes": retention_classes,
    "roles": roles,
    "sagas": sagas,
    "schedules": schedules,
    "settings": settings_keys,
    "subscribers": subscribers,
    "tasks": tasks,
    "token_scopes": token_scopes,
}
