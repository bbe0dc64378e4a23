"""Ids that are made before a row exists. Rows themselves have BIGINT identities (decision C34)."""

import re
import uuid

CORRELATION_ID = re.compile(r"\A[A-Za-z0-9._-]{8,64}\Z")


def new_id() -> uuid.UUID:
    return uuid.uuid4()


def new_correlation_id() -> str:
    return uuid.uuid4().hex
