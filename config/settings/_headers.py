"""Headers that restrict what a browser does with a response."""

from urllib.parse import urlsplit

from config.env import env

CONSOLE_NAMESPACE, API_DOCUMENTATION = "admin", "docs"
_PUBLIC_ORIGIN = urlsplit(env().public_url)._replace(path="", query="", fragment="").geturl()
_FORM_ACTION = f"'self' {_PUBLIC_ORIGIN}"
"""Browsers apply it to redirects of a form too. A support session begins and ends at PUBLIC_URL, which may be another
host than the console of the form."""
_NOTHING = {"default-src": "'none'", "base-uri": "'none'", "frame-ancestors": "'none'"}


def _policy(sources: dict[str, str]) -> str:
    return "; ".join(f"{directive} {allowed}" for directive, allowed in (_NOTHING | sources).items())


_OWN_FILES = {"style-src": "'self'", "img-src": "'self'", "font-src": "'self'"}
CONTENT_SECURITY_POLICIES = {
    "api": _policy({"form-action": "'none'"}),
    "page": _policy({**_OWN_FILES, "form-action": _FORM_ACTION}),
    "console": _policy(
        {
            **_OWN_FILES,
            "script-src": "'self' 'unsafe-eval'",
            "style-src": "'self' 'unsafe-inline'",
            "img-src": "'self' data:",
            "connect-src": "'self'",
            "form-action": _FORM_ACTION,
        }
    ),
    "documentation": _policy(
        {
            **_OWN_FILES,
            "script-src": "'self'",
            "style-src": "'self' 'unsafe-inline'",
            "img-src": "'self' data:",
            "connect-src": "'self'",
            "form-action": "'none'",
        }
    ),
}
"""Sign-in, invitations and errors are "page": they have no script. Alpine.js, which Unfold is built on, evaluates the
expressions in its attributes, hence 'unsafe-eval' in the consoles; Unfold writes colours and sizes into style
attributes. No inline script is allowed anywhere."""

PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        *(
            "accelerometer",
            "autoplay",
            "camera",
            "display-capture",
            "encrypted-media",
            "fullscreen",
            "geolocation",
        ),
        *(
            "gyroscope",
            "magnetometer",
            "microphone",
            "midi",
            "payment",
            "picture-in-picture",
        ),
        *("serial", "usb", "xr-spatial-tracking"),
    )
)
"""No page uses any of these."""
