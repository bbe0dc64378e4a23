"""Internal events of the audit log."""

from dataclasses import dataclass
from typing import ClassVar

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class PersonErased(Event):
    """A person was erased from records in cold storage, so their files must be rewritten. The event identifies records
    by ranges of ids (`erasures.as_ranges`), and no person.

    actor    records that lose the actor
    content  records that lose their content
    """

    name = "person.erased"
    internal: ClassVar[bool] = True

    actor: str
    content: str

    @property
    def aggregate(self) -> str:
        """One ordering key for all: erasures rewrite the same files."""
        return "audit:cold_storage"
