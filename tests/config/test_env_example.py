"""`.env.example` and the typed environment agree."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from config.env.example import PATH, example, required
from config.env.variables import SECTIONS, Environment

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


def test_the_committed_example_is_the_generated_one() -> None:
    assert PATH.read_text() == example(), "run: .venv/bin/python -m config.env.example --write"


def test_the_example_has_every_variable_once() -> None:
    names = re.findall(r"^#?([A-Z_]+)=", example(), re.MULTILINE)
    fields = {name.upper() for name in Environment.model_fields if name != "feature_flags"}

    assert len(names) == len(set(names))
    assert set(names) == fields


def test_every_variable_has_a_section_and_a_description() -> None:
    in_sections = [name for section in SECTIONS for name in section.model_fields]

    assert sorted(in_sections) == sorted(Environment.model_fields.keys() - {"feature_flags"})
    assert [name for name in in_sections if not Environment.model_fields[name].description] == []


def test_the_variables_without_comment_sign_are_those_required_in_production() -> None:
    shown = re.findall(r"^([A-Z_]+)=(.*)$", example(), re.MULTILINE)

    assert sorted(shown) == sorted((name.upper(), "") for name in required())


def test_the_defaults_in_the_example_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell reads the example with every line active, as an operator could."""
    for name in list(os.environ):
        monkeypatch.delenv(name)
    defaults = Environment()
    lines = re.sub(r"^#([A-Z_]+=)", r"\1", example(), flags=re.MULTILINE)
    command = ["/bin/sh", "-ac", f"{lines}\nenv -0"]
    shown = subprocess.run(command, env={}, capture_output=True, text=True, check=True).stdout.split("\0")

    for line in filter(None, shown):
        monkeypatch.setenv(*line.split("=", 1))

    assert Environment() == defaults
    assert os.environ["WEBHOOKS_PER_MINUTE"] == "600"


def test_every_variable_is_explained_to_operators() -> None:
    text = OPERATIONS.read_text()

    assert [name.upper() for name in Environment.model_fields if f"`{name.upper()}`" not in text] == [
        "FEATURE_FLAGS"
    ]
