"""Ids that exist before a row does. Rows have BIGINT identities, which are smaller and insert in order."""

import re
import uuid

CORRELATION_ID = re.compile(r"\A[A-Za-z0-9._-]{8,64}\Z")


def new_id() -> uuid.UUID:
    return uuid.uuid4()


def new_correlation_id() -> str:
    return uuid.uuid4().hex
