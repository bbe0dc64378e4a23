#!/usr/bin/env python3
"""Bursar's command line. On a fresh checkout it also brings the servers a command needs."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

DEVELOPMENT = "config.settings.dev"
VIRTUALENV = Path(__file__).resolve().parent / ".venv"
OFFLINE = {
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "makemigrations",
    "version",
}
"""Commands that touch no database, so that they need not wait for one."""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", DEVELOPMENT)
    if find_spec("django") is None:
        use_the_virtualenv()
    if needs_a_database(sys.argv[1:]):
        start_as(command_of(sys.argv[1:]))

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def use_the_virtualenv() -> None:
    """`./manage.py` works without activating anything."""
    python = VIRTUALENV / "bin" / "python"
    if Path(sys.prefix) == VIRTUALENV or not python.exists():
        sys.exit("Django is not installed here: run `make up` once, it installs what is needed.")
    os.execv(python, [str(python), *sys.argv])  # noqa: S606


def command_of(arguments: list[str]) -> str:
    return next((word for word in arguments if not word.startswith("-")), "help")


def needs_a_database(arguments: list[str]) -> bool:
    command = command_of(arguments)
    if command == "check":
        return any(word.startswith("--database") for word in arguments)
    return command not in OFFLINE and not {"-h", "--help"} & set(arguments)


def start_as(command: str) -> None:
    """Brings the servers of a development process, and checks its keys."""
    from django.core.exceptions import ImproperlyConfigured

    from config.embedded import CannotStart, resolve
    from config.keys.kinds import kind_of_command
    from config.keys.table import held_by
    from config.startup import refuse_wrong_keys

    kind = kind_of_command(command)
    try:
        if os.environ["DJANGO_SETTINGS_MODULE"] == DEVELOPMENT:
            resolve("dev", held_by(kind))
        refuse_wrong_keys(kind)
    except (CannotStart, ImproperlyConfigured) as reason:
        sys.exit(str(reason))


if __name__ == "__main__":
    main()
