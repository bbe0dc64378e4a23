"""The lists of pinned requirements: complete, with hashes, in agreement, and without an index of their own."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PRODUCT = PROJECT["project"]["dependencies"]
GROUPS = PROJECT["dependency-groups"]
LISTS = {
    "requirements.txt": PRODUCT,
    "deploy/requirements-otlp.txt": GROUPS["otlp"],
    "requirements-dev.txt": [*PRODUCT, *GROUPS["otlp"], *GROUPS["dev"]],
}
PIN = re.compile(r"^([a-z0-9._-]+)(?:\[[a-z,-]+\])?==([^\s;]+)")


def entries(file: str) -> list[str]:
    """Each pin with its hashes on one line."""
    text = (ROOT / file).read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def pins(file: str) -> dict[str, str]:
    matches = [PIN.match(entry) for entry in entries(file)]
    return {canonicalize_name(match[1]): match[2] for match in matches if match}


@pytest.mark.parametrize("file", LISTS)
def test_every_requirement_is_a_pin_with_hashes(file: str) -> None:
    """So no entry names an index, a file or a URL."""
    loose = [entry for entry in entries(file) if not (PIN.match(entry) and "--hash=sha256:" in entry)]

    assert loose == []


@pytest.mark.parametrize("file", LISTS)
def test_every_dependency_of_the_project_is_pinned_to_an_allowed_version(file: str) -> None:
    pinned = pins(file)
    missing = [
        text
        for text in LISTS[file]
        if not (requirement := Requirement(text)).specifier.contains(
            pinned.get(canonicalize_name(requirement.name), "0.dev0")
        )
    ]

    assert missing == [], "run: make lock"


def test_all_lists_pin_the_same_versions() -> None:
    versions: dict[str, set[str]] = {}
    for file in LISTS:
        for name, version in pins(file).items():
            versions.setdefault(name, set()).add(version)

    assert {name: pinned for name, pinned in versions.items() if len(pinned) > 1} == {}
    assert pins("requirements.txt").keys() < pins("requirements-dev.txt").keys()


def test_every_dependency_has_a_reason_in_the_documentation() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text()
    listed = {
        name
        for row in re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
        for name in re.findall(r"[\w-]+", row)
    }
    names = {Requirement(line).name for line in LISTS["requirements-dev.txt"]}

    assert names - listed == set()
