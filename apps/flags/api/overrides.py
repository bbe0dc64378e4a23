"""The overrides of a tenant, which narrow flags of the platform."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.bus.api.views import QueryEndpoint
from apps.flags.models import Revision
from apps.flags.module import VIEW

from .serializers import PublishedFlagRevisionSerializer


class Overrides(QueryEndpoint):
    """The last published override of each flag, by key. A change of one is proposed as a change set with the kind
    `override`."""

    permission = VIEW
    serializer_class: type[serializers.BaseSerializer[Any]] = PublishedFlagRevisionSerializer
    many = True

    def run_query(self, query: None, **server_fields: Any) -> Any:
        published = Revision.objects.published().filter(kind=Revision.Kind.OVERRIDE)
        return [
            row
            for row in published.select_related("change_set").last_of_each_key()
            if row.document is not None
        ]
