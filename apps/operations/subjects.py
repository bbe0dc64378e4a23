"""The subject of the sagas of a tenant."""


def subject_of(slug: str) -> str:
    """The same for all sagas of one tenant, so that it has one in progress at a time."""
    return f"tenant:{slug}"


def slug_of(subject: str) -> str:
    return subject.removeprefix("tenant:")
