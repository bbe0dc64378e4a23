"""The documentation of the API. A browser without a session signs in first and returns; other clients get a problem."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponseBase
from django.shortcuts import resolve_url
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import NotAuthenticated
from rest_framework.views import APIView


class _SignInFirst(APIView):
    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, NotAuthenticated) and self._is_browser():
            response: HttpResponseBase = redirect_to_login(
                self.request.get_full_path(), resolve_url(settings.LOGIN_URL)
            )
            return response
        return super().handle_exception(exc)

    def _is_browser(self) -> bool:
        """Not a client that accepts everything."""
        return self.request.method == "GET" and "text/html" in self.request.headers.get("Accept", "")


class SchemaView(_SignInFirst, SpectacularAPIView):
    """The OpenAPI document."""


class DocumentationView(_SignInFirst, SpectacularSwaggerSplitView):
    """The page that reads it."""
