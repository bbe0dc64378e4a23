"""Django's makemessages, with the labels that the code derives from names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.commands.makemessages import Command as MakeMessages

from apps.console.derived_labels import derived_texts

DERIVED = "derived_labels_of_makemessages.py"
IGNORED = [".venv", "benchmarks", "docs", "staticfiles", "tests"]


class Command(MakeMessages):
    def handle(self, *args: Any, **options: Any) -> None:
        """Writes the derived labels to a source file for the time of the collection."""
        options["ignore_patterns"] = [*options["ignore_patterns"], *IGNORED]
        file = Path(DERIVED)
        file.write_text("".join(f"gettext_noop({text!r})\n" for text in sorted({*derived_texts()})))
        try:
            super().handle(*args, **options)
        finally:
            file.unlink()
