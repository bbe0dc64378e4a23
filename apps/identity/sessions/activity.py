"""The security activity of a user: audit records about sign-in, sessions, password, address and roles."""

from __future__ import annotations

from django.db.models import Q

from apps.audit.models import Record, RecordQuerySet
from apps.identity.models import ApiSession, User

COMMANDS = "identity."


def of(user: User) -> RecordQuerySet:
    """By the user or about the user, newest first."""
    sessions = [str(pk) for pk in ApiSession.objects.of(user).values_list("pk", flat=True)]
    about_user = Q(subject_type=User._meta.label_lower, subject_id=str(user.pk))
    about_sessions = Q(subject_type=ApiSession._meta.label_lower, subject_id__in=sessions)
    by_or_about = Q(actor_id=user.pk) | about_user | about_sessions
    return Record.objects.filter(by_or_about, command__startswith=COMMANDS).order_by("-id")
