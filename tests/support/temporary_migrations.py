"""Migrations that exist in one test only, after those of the ledger."""

from __future__ import annotations

import sys
from pathlib import Path

from apps.ledger import migrations as real

APP = "ledger"
_PAGE = """
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import F, Q

from apps.kernel.tenant import current_tenant

{before}

class Migration(migrations.Migration):
    dependencies = [("ledger", "{behind}")]
{attributes}
    operations = [
        {operations}
    ]
"""


class TemporaryMigrations:
    """`make_migration("paint", "migrations.AddField(…)")` adds `ledger.9001_paint` after the last migration."""

    def __init__(self, folder: Path, package: str) -> None:
        self.folder, self.package = folder / package, package
        self.folder.mkdir()
        self.last = max(path.stem for path in Path(real.__file__).parent.glob("0*.py"))
        paths = [str(Path(real.__file__).parent), str(self.folder)]
        (self.folder / "__init__.py").write_text(f"__path__ = {paths!r}\n")
        self.count = 9000

    def __call__(
        self, name: str, *operations: str, before: str = "", behind: str = "", **attributes: str
    ) -> str:
        self.count += 1
        name = f"{self.count}_{name}"
        page = _PAGE.format(
            before=before,
            behind=behind or self.last,
            operations=",\n        ".join(operations),
            attributes="\n".join(f"    {key} = {value}" for key, value in attributes.items()),
        )
        self.write(name, page)
        if not behind:
            self.last = name
        return name

    def write(self, name: str, page: str) -> None:
        (self.folder / f"{name}.py").write_text(page)
        self.forget()

    def drop(self, name: str) -> None:
        (self.folder / f"{name}.py").unlink()
        self.forget()

    def forget(self) -> None:
        """Remove the modules from sys.modules."""
        for name in [name for name in sys.modules if name.split(".")[0] == self.package]:
            del sys.modules[name]


def add(name: str, model: str = "journal", **options: str) -> str:
    """The source of an AddField for a text column with these options."""
    arguments = ", ".join(["max_length=9", *(f"{key}={value}" for key, value in options.items())])
    return f'migrations.AddField("{model}", "{name}", models.CharField({arguments}))'
