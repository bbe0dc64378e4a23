"""The error of a transport."""


class NotSent(Exception):
    """The message may be shown to users. A `permanent` error is not retried."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
