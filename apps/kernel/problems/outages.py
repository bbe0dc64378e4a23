"""Database errors that are no bugs: an outage, or a transaction that was aborted in favour of another."""

from __future__ import annotations

import psycopg
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext_lazy as _

from apps.kernel.db.unit_of_work import Busy, is_serialization_failure
from apps.kernel.errors import Refusal, Unavailable


class DatabaseUnavailable(Unavailable):
    message = _("The database is unavailable. Nothing was changed. Try again in a moment.")
    retry_after = 5


def is_outage(error: BaseException | None) -> bool:
    """Whether the connection to the database was refused or cut, by the exceptions of Django and of the driver."""
    return isinstance(error, OperationalError | InterfaceError | psycopg.OperationalError)


def refusal_of(outage: BaseException | None) -> Refusal:
    """A serialization failure or deadlock has the same exception class as an outage."""
    conflict = isinstance(outage, DatabaseError) and is_serialization_failure(outage)
    return Busy() if conflict else DatabaseUnavailable()
