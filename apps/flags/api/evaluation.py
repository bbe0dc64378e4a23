"""Evaluation of flags for a context, and the layers that decide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rest_framework import serializers

from apps.bus.api.fields import AnyJSON, WholeNumber
from apps.bus.api.views import PostedQueryEndpoint, QueryEndpoint
from apps.flags import inspection, queries
from apps.flags.inspection import Evaluated
from apps.flags.module import VIEW


@dataclass(frozen=True)
class EvaluationRequest:
    """context  attributes such as {"company": "7", "country": "DE"}, in place of those of user and tenant
    keys     the flags; all of them by default
    user_id  a user, whose id, e-mail address and roles are added
    tenant   on the platform, the tenant; without it, the platform itself
    """

    context: dict[str, Any] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    user_id: int | None = None
    tenant: str = ""


@dataclass(frozen=True)
class ExplanationRequest:
    """As for an evaluation; with `as_of` by the revisions and kills of that instant."""

    context: dict[str, Any] = field(default_factory=dict)
    user_id: int | None = None
    tenant: str = ""
    as_of: dt.datetime | None = None


class EvaluationSerializer(serializers.Serializer[Any]):
    """The value that a flag serves, and why. Without a variant it has no value: the default of the caller applies."""

    key = serializers.CharField()
    value = AnyJSON(source="evaluation.value", allow_null=True)
    variant = serializers.CharField(source="evaluation.variant", allow_null=True)
    reason = serializers.CharField(source="evaluation.reason")
    rule = serializers.CharField(source="evaluation.rule", allow_null=True)
    revision = WholeNumber(source="evaluation.revision")


class LayerSerializer(serializers.Serializer[Any]):
    """A layer of the waterfall, and whether it lets the evaluation pass."""

    name = serializers.CharField()
    passed = serializers.BooleanField(allow_null=True)
    text = serializers.CharField()


class ExplanationSerializer(EvaluationSerializer):
    layers = LayerSerializer(many=True)


class EffectiveFlags(QueryEndpoint):
    """Every flag, as evaluated for the caller in this tenant."""

    permission = VIEW
    serializer_class = EvaluationSerializer
    many = True

    def run_query(self, query: None, **server_fields: Any) -> Sequence[Evaluated]:
        return inspection.evaluated(queries.context_of(self.request.user))


class EffectiveFlag(QueryEndpoint):
    """One flag, as evaluated for the caller in this tenant, with the layers that decided."""

    permission = VIEW
    serializer_class = ExplanationSerializer

    def run_query(self, query: None, **server_fields: Any) -> Evaluated:
        return inspection.explained(server_fields["key"], queries.context_of(self.request.user))


class EvaluateFlags(PostedQueryEndpoint):
    """Evaluates flags for a context. Nothing is counted as usage of a program."""

    permission = VIEW
    query = EvaluationRequest
    serializer_class = EvaluationSerializer
    many = True

    def run_query(self, query: EvaluationRequest, **server_fields: Any) -> Sequence[Evaluated]:
        with inspection.seen_from(query.tenant):
            return inspection.evaluated(inspection.context_for(query.context, query.user_id), query.keys)


class ExplainFlag(PostedQueryEndpoint):
    """Evaluates one flag for a context, with every layer of the waterfall."""

    permission = VIEW
    query = ExplanationRequest
    serializer_class = ExplanationSerializer

    def run_query(self, query: ExplanationRequest, **server_fields: Any) -> Evaluated:
        with inspection.seen_from(query.tenant):
            context = inspection.context_for(query.context, query.user_id)
            return inspection.explained(server_fields["key"], context, query.as_of)
