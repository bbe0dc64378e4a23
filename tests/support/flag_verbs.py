"""`manage.py flags`, called by tests."""

import io
import json

import pytest
from django.core.management import call_command

WHY = ("--reason", "Requested by the controllers.")


def run(*words):
    return json.loads(text(*words, "--json"))


def text(*words):
    output = io.StringIO()
    call_command("flags", *words, stdout=output)
    return output.getvalue()


def refusal(capsys, *words):
    """The exit code and the first code on stderr."""
    with pytest.raises(SystemExit) as ended:
        call_command("flags", *words)
    return ended.value.code, capsys.readouterr().err.partition(":")[0]
