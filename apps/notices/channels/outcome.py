"""What every channel says when it did not work."""


class NotSent(Exception):
    """The sentence says why, as it may be shown. `for_good`: it would be so the next time as well."""

    def __init__(self, why: str, *, for_good: bool = False) -> None:
        super().__init__(why)
        self.for_good = for_good
