"""Settings of all environments, in one file per concern."""

from ._api import *  # noqa: F403
from ._apps import *  # noqa: F403
from ._audit import *  # noqa: F403
from ._auth import *  # noqa: F403
from ._backups import *  # noqa: F403
from ._bus import *  # noqa: F403
from ._cache import *  # noqa: F403
from ._celery import *  # noqa: F403
from ._console import *  # noqa: F403
from ._database import *  # noqa: F403
from ._email import *  # noqa: F403
from ._environment import *  # noqa: F403
from ._files import *  # noqa: F403
from ._headers import *  # noqa: F403
from ._logging import *  # noqa: F403
from ._notices import *  # noqa: F403
from ._observability import *  # noqa: F403
from ._outbound import *  # noqa: F403
from ._secrets import *  # noqa: F403
from ._tenancy import *  # noqa: F403
from ._web import *  # noqa: F403
from ._webhooks import *  # noqa: F403

DEBUG = False
