"""What the audit log tells itself."""

from dataclasses import dataclass
from typing import ClassVar

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class PersonErased(Event):
    """Somebody was erased from records that are archived: their files are to follow. It names the records, as
    erasures.as_ranges has them, and nobody.

    who, what  those that lose who it was, and those that lose what was said
    """

    name = "person.erased"
    internal: ClassVar[bool] = True

    who: str
    what: str

    @property
    def aggregate(self) -> str:
        """One after the other: they write the same files."""
        return "audit:archives"
