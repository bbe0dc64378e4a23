"""`manage.py flags`, called by tests."""

import io
import json
from typing import Any

import pytest
from django.core.management import call_command

WHY = ("--reason", "Requested by the controllers.")


def run(*words: str) -> Any:
    return json.loads(text(*words, "--json"))


def text(*words: str) -> str:
    output = io.StringIO()
    call_command("flags", *words, stdout=output)
    return output.getvalue()


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[Any, str]:
    """The exit code and the first code on stderr."""
    with pytest.raises(SystemExit) as ended:
        call_command("flags", *words)
    return ended.value.code, capsys.readouterr().err.partition(":")[0]
