"""What identity plugs in: the handlers of its rooms, which are found by name only in the app itself."""

from .impersonation import handlers as _support  # noqa: F401
