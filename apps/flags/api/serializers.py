from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.bus.api.fields import Instant
from apps.bus.api.serializers import ReadSerializer
from apps.flags import queries
from apps.flags.models import ChangeSet, Flag, Kill, Revision

FLAG: tuple[str, ...] = (
    "key",
    "category",
    "value_type",
    "description",
    "owner",
    "expires_on",
    "extensions",
    "posting",
    "created_at",
    "retired_at",
)
CHANGE_SET: tuple[str, ...] = (
    "id",
    "state",
    "origin",
    "reason",
    "author_name",
    "effective_at",
    "made_at",
    "published_at",
    "warnings",
)


class FlagSerializer(ReadSerializer):
    """A flag of the register. What it serves is in its document."""

    class Meta:
        model = Flag
        fields = FLAG


class FlagWithDocumentSerializer(FlagSerializer):
    """`document` is the last published one, also if it takes effect later; null before the first."""

    document = serializers.SerializerMethodField()
    revision = serializers.SerializerMethodField()
    is_killed = serializers.SerializerMethodField()

    class Meta:
        model = Flag
        fields = (*FLAG, "document", "revision", "is_killed")

    def get_document(self, flag: Flag) -> dict[str, Any] | None:
        revision = queries.latest(Revision.Kind.FLAG, flag.key)
        return revision.document if revision else None

    def get_revision(self, flag: Flag) -> int:
        revision = queries.latest(Revision.Kind.FLAG, flag.key)
        return revision.pk if revision else 0

    def get_is_killed(self, flag: Flag) -> bool:
        return any(kill.is_active for kill in queries.kills_of(flag.key))


class FlagRevisionSerializer(ReadSerializer):
    """One wording of a flag, a segment or an override. `base` is the revision that it was derived from; a `document`
    of null removes it."""

    class Meta:
        model = Revision
        fields = ("id", "change_set", "kind", "key", "base", "document", "digest")


class PublishedFlagRevisionSerializer(FlagRevisionSerializer):
    """A revision that was published, with the change set that published it."""

    reason = serializers.CharField(source="change_set.reason")
    author_name = serializers.CharField(source="change_set.author_name")
    origin = serializers.CharField(source="change_set.origin")
    published_at = Instant(source="change_set.published_at")
    effective_at = Instant(source="change_set.effective_at", allow_null=True)

    class Meta:
        model = Revision
        fields = (
            *FlagRevisionSerializer.Meta.fields,
            "reason",
            "author_name",
            "origin",
            "published_at",
            "effective_at",
        )


class ChangeSetSerializer(ReadSerializer):
    class Meta:
        model = ChangeSet
        fields = CHANGE_SET


class ChangeSetWithRevisionsSerializer(ChangeSetSerializer):
    """A change set with its revisions and the preview of its effect."""

    revisions = FlagRevisionSerializer(many=True)

    class Meta:
        model = ChangeSet
        fields = (*CHANGE_SET, "digest", "preview", "revisions")


class KillSerializer(ReadSerializer):
    """A kill is active until `revived_at`."""

    class Meta:
        model = Kill
        fields = (
            "id",
            "key",
            "reason",
            "killed_at",
            "killed_by_name",
            "reviewed_at",
            "reviewed_by_name",
            "review",
            "revived_at",
            "revived_by_name",
            "revival_reason",
        )
