"""The register of flags, on the platform."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet
from django_filters import filters

from apps.bus.api.filters import Filters
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint
from apps.flags.commands import CreateFlag, UpdateFlag
from apps.flags.models import Flag, Kill
from apps.flags.module import VIEW
from apps.flags.search import FLAGS

from .serializers import ChangeSetWithRevisionsSerializer, FlagSerializer, FlagWithDocumentSerializer


class FlagFilter(Filters):
    """`is_retired` and `is_killed` are true or false."""

    is_retired = filters.BooleanFilter(field_name="retired_at", lookup_expr="isnull", exclude=True)
    is_killed = filters.BooleanFilter(method="only_killed")

    class Meta:
        model = Flag
        fields = ("category", "value_type", "owner", "posting")

    def only_killed(self, flags: QuerySet[Flag], _: str, wanted: bool) -> QuerySet[Flag]:
        active = Exists(Kill.objects.filter(key=OuterRef("key"), revived_at=None))
        return flags.filter(active if wanted else ~active)


class Flags(ListEndpoint, CommandEndpoint):
    """The flags of the platform, by key."""

    permission = VIEW
    queryset = Flag.objects.all()
    serializer_class = FlagSerializer
    filterset_class = FlagFilter
    search = FLAGS
    ordering = ("key",)
    command, result = CreateFlag, FlagWithDocumentSerializer


class OneFlag(DetailEndpoint):
    """One flag of the register, with the last published document and whether it is killed."""

    permission = VIEW
    queryset = Flag.objects.all()
    serializer_class = FlagWithDocumentSerializer
    lookup_field = lookup_url_kwarg = "key"


class ChangeOneFlag(CommandEndpoint):
    command, result = UpdateFlag, ChangeSetWithRevisionsSerializer
    server_fields = ("key",)
