"""Design of the two consoles. Pages are in apps/console and in each app's admin.py."""

from typing import Any

from django.templatetags.static import static


def _css(_: Any) -> str:
    return static("console/console.css")


def _icon(_: Any) -> str:
    return static("console/icon.svg")


def _frame(_: Any) -> str:
    return static("console/frame.css")


def _script(_: Any) -> str:
    return static("console/console.js")


def _palette_script(_: Any) -> str:
    return static("console/palette.js")


def _palette(hue: int, chroma: float) -> dict[str, str]:
    """Eleven shades of one hue; light enough at 600 and dark enough at 400 for WCAG AA on either ground."""
    lightness = (97.5, 94.5, 89, 81, 72, 60, 50, 43, 37, 32, 24)
    weights = ("50", "100", "200", "300", "400", "500", "600", "700", "800", "900", "950")
    strength = (0.1, 0.2, 0.35, 0.6, 0.85, 1, 1, 0.95, 0.8, 0.65, 0.5)
    return {
        weight: f"oklch({light}% {chroma * share:.3f} {hue})"
        for weight, light, share in zip(weights, lightness, strength, strict=True)
    }


_COMMON: dict[str, Any] = {
    "SITE_HEADER": "apps.console.context.site_header",
    "SITE_SUBHEADER": "apps.console.context.site_subheader",
    "ENVIRONMENT": "apps.console.context.environment",
    "DASHBOARD_CALLBACK": "apps.console.dashboard.fill",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SITE_URL": None,
    "SITE_SYMBOL": "account_balance",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _icon}],
    "STYLES": [_css, _frame],
    "SCRIPTS": [_script, _palette_script],
    "ACCOUNT": {"navigation": "apps.console.menu.own_pages"},
    "COMMAND": {"search_models": False},
    "SIDEBAR": {"show_search": False, "command_search": True, "navigation": "apps.console.menu.menu"},
}
UNFOLD_OPERATOR = {**_COMMON, "SITE_TITLE": "Bursar operator", "COLORS": {"primary": _palette(303, 0.22)}}
UNFOLD_TENANT = {**_COMMON, "SITE_TITLE": "Bursar", "COLORS": {"primary": _palette(255, 0.19)}}
