"""Celery queues: their limits, the base classes of tasks, scheduled tasks and waiting times."""
