"""What the audit log does when an erasure is kept: its files follow."""

from apps.events import listens_to

from . import forgetting
from .events import PersonErased


@listens_to(PersonErased, queue="audit", own_transactions=True)
def forget(event: PersonErased) -> None:
    forgetting.forget(event.who, event.what)
