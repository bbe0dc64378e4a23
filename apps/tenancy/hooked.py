"""What tenancy plugs in: the handlers of its rooms, which are found by name only in the app itself."""

from .erasure import handlers as _erasure  # noqa: F401
from .transfer import handlers as _transfer  # noqa: F401
