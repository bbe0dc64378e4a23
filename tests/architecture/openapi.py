"""The two OpenAPI documents that are committed in `docs/openapi/`, and the report of breaking changes.

    python -m tests.architecture.openapi                compares the code with the committed documents
    python -m tests.architecture.openapi --write        writes the documents anew and reports breaking changes
    python -m tests.architecture.openapi --since REV    reports breaking changes since a revision of git

A change breaks a client when a valid request is refused afterwards, or when a field that the client reads is gone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import django

Document = Mapping[str, Any]
ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "openapi"
METHODS = ("get", "post", "put", "patch", "delete")
WRITE = "python -m tests.architecture.openapi --write"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.architecture.openapi")
    parser.add_argument("--write", action="store_true", help="write the documents of the code")
    parser.add_argument("--since", metavar="REV", help="report breaking changes since this revision of git")
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    django.setup()
    documents = generated()
    if options.since:
        _report({name: at_revision(options.since, name) for name in documents}, documents)
        return 0
    before = committed()
    if options.write:
        FOLDER.mkdir(exist_ok=True)
        for name, document in documents.items():
            (FOLDER / f"{name}.json").write_text(rendered(document))
        _report(before, documents)
        return 0
    if outdated := [name for name in documents if before.get(name) != documents[name]]:
        _report(before, documents)
        sys.stderr.write(f"docs/openapi/ is outdated: {', '.join(outdated)}. Write it by: {WRITE}\n")
        return 1
    return 0


def generated() -> dict[str, Document]:
    """The documents of the code, by plane: `tenant` and `operator`."""
    from django.conf import settings

    from tests.support.openapi import document

    return {"tenant": document(settings.ROOT_URLCONF), "operator": document(settings.OPERATOR_URLCONF)}


def committed() -> dict[str, Document]:
    return {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def at_revision(revision: str, name: str) -> Document:
    """Raises CalledProcessError where that revision has no such document."""
    command = ["git", "show", f"{revision}:docs/openapi/{name}.json"]
    document: Document = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    return document


def rendered(document: Document) -> str:
    """Sorted, so that a difference of two versions shows only changes."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _report(before: Mapping[str, Document], after: Mapping[str, Document]) -> None:
    changes = [
        f"{name}: {change}"
        for name in sorted(before.keys() & after.keys())
        for change in breaking_changes(before[name], after[name])
    ]
    sys.stdout.writelines(f"breaking: {change}\n" for change in changes)
    sys.stdout.write(f"{len(changes)} breaking changes\n")


def breaking_changes(before: Document, after: Document) -> Iterator[str]:
    """A sentence for each, by operation."""
    for path, item in before["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            operation = f"{method.upper()} {path}"
            if method not in after["paths"].get(path, {}):
                yield f"{operation} was removed"
                continue
            comparison = _Comparison(before, after)
            for change in comparison.of_operations(item[method], after["paths"][path][method]):
                yield f"{operation}: {change}"


class _Comparison:
    """Schemas of two documents. References are followed, each pair once."""

    def __init__(self, before: Document, after: Document) -> None:
        self._before, self._after = before, after
        self._seen: set[tuple[str, str, bool]] = set()

    def of_operations(self, before: Document, after: Document) -> Iterator[str]:
        yield from self._of_parameters(before, after)
        yield from self._of_bodies(before.get("requestBody", {}), after.get("requestBody", {}))
        for status, response in before.get("responses", {}).items():
            if status not in after.get("responses", {}):
                yield f"response {status} was removed"
                continue
            yield from self._of_contents(
                response, after["responses"][status], f"response {status}", is_request=False
            )

    def _of_parameters(self, before: Document, after: Document) -> Iterator[str]:
        was, now = (
            {(parameter["in"], parameter["name"]): parameter for parameter in operation.get("parameters", ())}
            for operation in (before, after)
        )
        for location, name in was.keys() - now.keys():
            yield f"parameter {name} ({location}) was removed"
        for key, parameter in now.items():
            if parameter.get("required") and not was.get(key, {}).get("required"):
                yield f"parameter {key[1]} ({key[0]}) is required"
        for key in was.keys() & now.keys():
            where = f"parameter {key[1]}"
            yield from self._of_schemas(
                was[key].get("schema", {}), now[key].get("schema", {}), where, is_request=True
            )

    def _of_bodies(self, before: Document, after: Document) -> Iterator[str]:
        if after.get("required") and not before.get("required"):
            yield "a request body is required"
        yield from self._of_contents(before, after, "request", is_request=True)

    def _of_contents(
        self, before: Document, after: Document, where: str, *, is_request: bool
    ) -> Iterator[str]:
        for media, content in before.get("content", {}).items():
            if media not in after.get("content", {}):
                yield f"{where}: {media} was removed"
                continue
            now = after["content"][media].get("schema", {})
            yield from self._of_schemas(content.get("schema", {}), now, where, is_request=is_request)

    def _of_schemas(
        self, before: Document, after: Document, where: str, *, is_request: bool
    ) -> Iterator[str]:
        pair = (before.get("$ref", ""), after.get("$ref", ""), is_request)
        if all(pair[:2]):
            if pair in self._seen:
                return
            self._seen.add(pair)
        before, after = _resolved(self._before, before), _resolved(self._after, after)
        if _types(before) - _types(after) if is_request else _types(after) - _types(before):
            yield f"{where}: type {_text(before)} became {_text(after)}"
            return
        yield from _of_choices(before, after, where, is_request=is_request)
        yield from self._of_fields(before, after, where, is_request=is_request)
        if "items" in before and "items" in after:
            yield from self._of_schemas(before["items"], after["items"], f"{where}[]", is_request=is_request)

    def _of_fields(self, before: Document, after: Document, where: str, *, is_request: bool) -> Iterator[str]:
        was, now = before.get("properties", {}), after.get("properties", {})
        for name in sorted(was.keys() - now.keys()):
            yield f"{where}.{name} was removed"
        required, still = set(before.get("required", ())), set(after.get("required", ()))
        if is_request:
            for name in sorted(still - required):
                yield f"{where}.{name} is required"
        else:
            for name in sorted((required - still) & now.keys()):
                yield f"{where}.{name} may be absent"
        for name in sorted(was.keys() & now.keys()):
            yield from self._of_schemas(was[name], now[name], f"{where}.{name}", is_request=is_request)


def _of_choices(before: Document, after: Document, where: str, *, is_request: bool) -> Iterator[str]:
    """A request may lose no choice; a response may get no new one."""
    if "enum" not in after or (is_request and "enum" not in before):
        if is_request and "enum" in after:
            yield f"{where}: only {', '.join(map(str, after['enum']))}"
        return
    was, now = set(map(str, before.get("enum", ()))), set(map(str, after["enum"]))
    lost, new = sorted(was - now), sorted(now - was) if "enum" in before else []
    if is_request and lost:
        yield f"{where}: {', '.join(lost)} is no longer accepted"
    if not is_request and new:
        yield f"{where}: {', '.join(new)} is a new value"


def _resolved(document: Document, schema: Document) -> Document:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if len(schema.get("allOf", ())) == 1:
        return _resolved(document, schema["allOf"][0])
    return schema


def _types(schema: Document) -> set[str]:
    """Empty where any type is possible."""
    types = schema.get("type", [])
    return {types} if isinstance(types, str) else set(types)


def _text(schema: Document) -> str:
    return " or ".join(sorted(_types(schema))) or "any"


if __name__ == "__main__":
    sys.exit(main())
