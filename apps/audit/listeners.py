"""Listeners of the audit log: rewrite cold storage after an erasure."""

from apps.events import listens_to

from . import cold_storage_erasure
from .events import PersonErased


@listens_to(PersonErased, queue="audit", own_transactions=True)
def erase_in_cold_storage(event: PersonErased) -> None:
    cold_storage_erasure.erase(event.actor, event.content)
