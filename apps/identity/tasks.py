"""What comes round in identity, found by Celery under this name."""

from .impersonation.tasks import end_visits

__all__ = ["end_visits"]
