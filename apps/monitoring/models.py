"""Permissions of oversight, which has no tables."""

from django.db import models


class Oversight(models.Model):  # noqa: DJ008 - no instances
    """No table. A permission must belong to a model."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = [
            ("manage_deliveries", "Can replay and drop deliveries"),
            ("view_queues", "Can view the status of queues"),
            ("view_metrics", "Can read the metrics"),
            ("view_trace", "Can view request traces"),
        ]
