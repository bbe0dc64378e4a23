"""Change sets: propose, publish, withdraw, cancel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework import serializers

from apps.bus.api.fields import AnyJSON
from apps.bus.api.filters import Filters
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint, QueryEndpoint
from apps.flags import queries
from apps.flags.commands import (
    CancelScheduledChange,
    PreviewChangeSet,
    ProposeChange,
    PublishChangeSet,
    WithdrawChangeSet,
)
from apps.flags.errors import ChangeSetNotFound
from apps.flags.models import ChangeSet
from apps.flags.module import VIEW

from .serializers import ChangeSetSerializer, ChangeSetWithRevisionsSerializer


class ChangeSetFilter(Filters):
    class Meta:
        model = ChangeSet
        fields = ("state", "origin")


class ChangeSets(ListEndpoint, CommandEndpoint):
    """The change sets, newest first. A proposed change is a draft until it is published."""

    permission = VIEW
    queryset = ChangeSet.objects.all()
    serializer_class = ChangeSetSerializer
    filterset_class = ChangeSetFilter
    command, result = ProposeChange, ChangeSetWithRevisionsSerializer


class OneChangeSet(DetailEndpoint):
    """A change set with its revisions and the preview of its effect."""

    permission = VIEW
    queryset = ChangeSet.objects.prefetch_related("revisions")
    serializer_class = ChangeSetWithRevisionsSerializer
    lookup_url_kwarg = "change_set_id"


class ThreeWayDifferenceSerializer(serializers.Serializer[Any]):
    """A differing value of a document, at a JSON pointer. `base` is the value that the change set was derived from,
    `published` the present one, `proposed` the new one; null: there is none."""

    pointer = serializers.CharField(source="place")
    base = AnyJSON(allow_null=True)
    published = AnyJSON(allow_null=True)
    proposed = AnyJSON(allow_null=True)
    is_conflict = serializers.BooleanField()


class ChangedRevisionSerializer(serializers.Serializer[Any]):
    """A revision of a change set, and where it differs."""

    kind = serializers.CharField(source="revision.kind")
    key = serializers.CharField(source="revision.key")
    differences = ThreeWayDifferenceSerializer(many=True)


class DifferencesOfChangeSet(QueryEndpoint):
    """The differences of a change set from its base and from what is published now."""

    permission = VIEW
    serializer_class = ChangedRevisionSerializer
    many = True

    def run_query(self, query: None, **server_fields: Any) -> Sequence[Mapping[str, Any]]:
        change_set = queries.change_set_with_id(server_fields["change_set_id"])
        if change_set is None:
            raise ChangeSetNotFound(**server_fields)
        revisions = queries.revisions_of(change_set)
        published = queries.latest_of((revision.kind, revision.key) for revision in revisions)
        return [
            {
                "revision": revision,
                "differences": queries.three_way_of(revision, published.get((revision.kind, revision.key))),
            }
            for revision in revisions
        ]


class _OnChangeSet(CommandEndpoint):
    result, status = ChangeSetWithRevisionsSerializer, 200
    server_fields = ("change_set_id",)


class PublishOne(_OnChangeSet):
    """Where an approval is required, the response is 403 with the code `approvals.approval_required`; the command is
    then requested at /api/v1/approvals/."""

    command = PublishChangeSet


class PreviewOne(_OnChangeSet):
    """The result has the effect on every user of every tenant as `preview`."""

    command = PreviewChangeSet


class WithdrawOne(_OnChangeSet):
    command = WithdrawChangeSet


class CancelOne(_OnChangeSet):
    command = CancelScheduledChange
