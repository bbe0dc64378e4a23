"""Validation of documents: of those that change, and of those that refer to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext

from apps.billing import queries as billing
from apps.bus.registry import commands
from apps.flags import engine, queries
from apps.flags.commands import ItemChange
from apps.flags.documents import FLAG, OVERRIDE, SEGMENT, references_of
from apps.flags.errors import FlagConflict, FlagInvalid
from apps.flags.hooks import ATTRIBUTES
from apps.flags.policies import day_of_expiry
from apps.flags.queries import Key
from apps.flags.rollouts import plans
from apps.identity import queries as identity
from apps.kernel.errors import Refusal, raise_all

from .kills import flag_must_not_be_retired_by

Documents = Mapping[Key, Mapping[str, Any]]
CONTRADICTION = "contradiction"
"""The code of problems in the conflict rules of flags."""
Warnings = list[dict[str, str]]


def documents_must_be_valid(items: Sequence[ItemChange]) -> Warnings:
    """Raises the problems of all documents together, and returns the warnings. Documents that refer to a changed flag
    or segment are validated too, since its removal or its new variants can break them."""
    documents: Documents = queries.documents_of_platform()
    if any(item.kind != OVERRIDE for item in items):
        documents = documents_after(documents, items)
    checked: dict[Key, Mapping[str, Any]] = {
        (item.kind, item.key): item.document for item in items if item.document is not None
    }
    for dependant in (*direct_dependants(documents, items), *posting_dependants(documents, items)):
        checked.setdefault(dependant, documents[dependant])
    refusals: list[Refusal] = [refusal for item in items for refusal in key_and_type_problems(item)]
    warnings: Warnings = []
    for (kind, key), document in checked.items():
        for problem in problems_of(kind, key, document, documents):
            if problem.is_warning:
                warnings.append({"kind": kind, "key": key, **_described(problem)})
            else:
                refusal = FlagConflict if problem.code == CONTRADICTION else FlagInvalid
                refusals.append(
                    refusal(
                        key=key,
                        kind=kind,
                        place=problem.place or "/",
                        problem=problem.code,
                        why=problem.message,
                    )
                )
    raise_all(refusals)
    flag_must_not_be_retired_by(items)
    flags_must_not_conflict(documents, items)
    return warnings


def documents_after(documents: Documents, items: Iterable[ItemChange]) -> dict[Key, Mapping[str, Any]]:
    """With the changes in place."""
    after = dict(documents)
    for item in items:
        after.pop((item.kind, item.key), None)
        if item.document is not None:
            after[item.kind, item.key] = item.document
    return after


def of_kind(documents: Documents, wanted: str) -> dict[str, Mapping[str, Any]]:
    return {key: document for (kind, key), document in documents.items() if kind == wanted}


def direct_dependants(documents: Documents, items: Iterable[ItemChange]) -> list[Key]:
    changed = {(item.kind, item.key) for item in items}
    return [key for key, document in documents.items() if references_of(document) & changed]


def posting_dependants(documents: Documents, items: Iterable[ItemChange]) -> list[Key]:
    """Flags that guard postings: what they depend on through others is the same for all users too."""
    changed = {(item.kind, item.key) for item in items if item.kind != OVERRIDE}
    reached = queries.dependants(documents, changed)
    return [key for key in sorted(reached) if documents[key].get("posting")]


def problems_of(
    kind: str, key: str, document: Mapping[str, Any], documents: Documents
) -> Sequence[engine.Problem]:
    if kind == OVERRIDE:
        return override_problems(document, documents.get((FLAG, key), {}))
    problems = engine.validate(
        document,
        flags=of_kind(documents, FLAG),
        segments=of_kind(documents, SEGMENT),
        today=day_of_expiry(),
        known_attributes=frozenset(ATTRIBUTES),
    )
    known = {problem.place for problem in problems}
    names = frozenset(command.command_name() for command in commands())
    of_plan = [engine.Problem(*problem) for problem in plans.problems(document, names)]
    named = named_problems(document) if kind == FLAG else ()
    return [*problems, *named, *(problem for problem in of_plan if problem.place not in known)]


def named_problems(document: Mapping[str, Any]) -> Iterator[engine.Problem]:
    """Names that no plan and no user has: such a flag would be off for all."""
    entitlement = document.get("entitlement")
    if isinstance(entitlement, str) and entitlement not in billing.entitlements():
        message = gettext("no plan has the module, feature or limit {name!r}").format(name=entitlement)
        yield engine.Problem("unknown_entitlement", "/entitlement", message)
    yield from role_problems(document.get("roles"))


def role_problems(named: Any) -> Iterator[engine.Problem]:
    for index, role in enumerate(named if isinstance(named, list) else ()):
        if role not in identity.standard_roles():
            message = gettext("there is no role {role!r}").format(role=role)
            yield engine.Problem("unknown_role", f"/roles/{index}", message)


def override_problems(document: Mapping[str, Any], flag: Mapping[str, Any]) -> Sequence[engine.Problem]:
    return [*engine.validate_override(document, flag), *role_problems(document.get("roles"))]


def key_and_type_problems(item: ItemChange) -> Iterator[Refusal]:
    """The document is that of the flag in the register."""
    if item.document is None:
        return
    if item.document.get("key", item.key) != item.key:
        yield FlagInvalid(
            key=item.key,
            kind=item.kind,
            place="/key",
            problem="wrong_key",
            why=gettext("it names another key"),
        )
    flag = queries.flag_of_platform(item.key) if item.kind == FLAG else None
    if flag and item.document.get("type", flag.value_type) != flag.value_type:
        yield FlagInvalid(
            key=item.key,
            kind=item.kind,
            place="/type",
            problem="wrong_type",
            why=gettext("the type of a flag does not change, it is {type}").format(type=flag.value_type),
        )


def flags_must_not_conflict(documents: Documents, items: Sequence[ItemChange]) -> None:
    """What requires, excludes and implies say of the changed flags, without any population."""
    changed = {(item.kind, item.key) for item in items if item.kind != OVERRIDE}
    if not changed:
        return
    rule_set = rule_set_of(documents, changed | queries.dependants(documents, changed))
    raise_all(conflict_refusals(engine.conflicts(rule_set, ())))


def rule_set_of(documents: Documents, keys: Iterable[Key]) -> engine.RuleSet:
    """These flags and segments, with all that they refer to."""
    wanted, wave = set(keys), set(keys)
    while wave:
        named: set[Key] = set().union(*(references_of(documents.get(key)) for key in wave))
        wave = named - wanted
        wanted |= wave
    entries: dict[str, list[engine.Entry]] = {FLAG: [], SEGMENT: []}
    for kind, key in sorted(wanted & documents.keys()):
        entries[kind].append(engine.Entry(documents[kind, key]))
    return engine.RuleSet(entries[FLAG], entries[SEGMENT])


def conflict_refusals(problems: Iterable[engine.Problem]) -> list[Refusal]:
    return [
        FlagConflict(key=problem.place, problem=problem.code, why=problem.message)
        for problem in problems
        if not problem.is_warning
    ]


def _described(problem: engine.Problem) -> dict[str, str]:
    return {"code": problem.code, "place": problem.place, "message": problem.message}
