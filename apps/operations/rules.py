"""What must be true before a journey starts."""

from .errors import NameMissing


def name_must_be_given(name: str) -> None:
    if not name.strip():
        raise NameMissing
