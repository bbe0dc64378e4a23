"""URLs in a tenant: what the flags of the platform serve here, and the overrides that narrow them."""

from django.urls import path

from . import evaluation, overrides
from .urls import BOTH

app_name = "flags"
urlpatterns = [
    path("flags/", evaluation.EffectiveFlags.as_view()),
    path("flags/<str:key>/", evaluation.EffectiveFlag.as_view()),
    path("overrides/", overrides.Overrides.as_view()),
    *BOTH,
]
