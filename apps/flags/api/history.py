"""History of flags and overrides, restoring a revision, export and import."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from apps.bus.api.fields import AnyJSON
from apps.bus.api.filters import Filters
from apps.bus.api.views import CommandEndpoint, Endpoint, ListEndpoint, QueryEndpoint
from apps.flags import queries
from apps.flags.commands import ImportFlags, RestoreRevision
from apps.flags.models import Revision
from apps.flags.module import VIEW
from apps.kernel.tenant import current_tenant

from .serializers import ChangeSetWithRevisionsSerializer, PublishedFlagRevisionSerializer


class DifferenceSerializer(serializers.Serializer[Any]):
    """The value at a JSON pointer, before and after. null: there is none."""

    pointer = serializers.CharField(source="place")
    before = AnyJSON(allow_null=True)
    after = AnyJSON(allow_null=True)


class HistoryEntrySerializer(serializers.Serializer[Any]):
    """A published revision, and the differences from the one before it."""

    revision = PublishedFlagRevisionSerializer()
    differences = DifferenceSerializer(many=True)


class HistoryOfFlag(QueryEndpoint):
    """The published revisions of a flag, newest first; in a tenant those of its override."""

    permission = VIEW
    serializer_class = HistoryEntrySerializer
    many = True

    def run_query(self, query: None, **server_fields: Any) -> Sequence[queries.HistoryEntry]:
        kind = Revision.Kind.OVERRIDE if current_tenant() else Revision.Kind.FLAG
        return queries.history(kind, server_fields["key"])


class RevisionFilter(Filters):
    class Meta:
        model = Revision
        fields = ("kind", "key")


class PublishedRevisions(ListEndpoint):
    """The published revisions of flags and segments, in a tenant of overrides, newest first."""

    permission = VIEW
    queryset = Revision.objects.published().select_related("change_set")
    serializer_class = PublishedFlagRevisionSerializer
    filterset_class = RevisionFilter


class RestoreOneRevision(CommandEndpoint):
    command, result = RestoreRevision, ChangeSetWithRevisionsSerializer
    server_fields = ("revision_id",)


class Export(Endpoint):
    """The register and all published documents as JSON, byte for byte the same while nothing changes."""

    permission = VIEW

    @extend_schema(responses={(200, "application/json"): OpenApiTypes.OBJECT})
    def get(self, request: Request, **server_fields: Any) -> HttpResponse:
        return HttpResponse(
            queries.exported(),
            content_type="application/json",
            headers={"Content-Disposition": 'attachment; filename="flags.json"'},
        )


class Import(CommandEndpoint):
    command, result = ImportFlags, ChangeSetWithRevisionsSerializer
