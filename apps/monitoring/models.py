"""Oversight remembers nothing of its own: here are only the permissions of those who oversee."""

from django.db import models


class Oversight(models.Model):  # noqa: DJ008 - there is never one
    """No table. A permission must belong to a model."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = [
            ("manage_deliveries", "Can replay and drop deliveries"),
            ("view_queues", "Can see how the queues stand"),
            ("view_metrics", "Can read the metrics"),
            ("view_trace", "Can read the life story of a request"),
        ]
