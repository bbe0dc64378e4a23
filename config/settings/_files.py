"""File storage: a local folder, or an S3 bucket shared by all nodes."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.embedded.home import home_path
from config.env import env
from config.env.variables import Environment

LOCAL, S3 = "apps.kernel.files.local.LocalFiles", "apps.kernel.files.s3.S3Files"


def store(environment: Environment) -> dict[str, Any]:
    """From FILES_URL, or FILESYSTEM_DISK and AWS_…, or a folder next to the embedded servers' data."""
    if environment.files_url:
        return _by_url(environment, environment.files_url)
    if environment.filesystem_disk == "s3":
        return _bucket(
            environment,
            environment.aws_bucket,
            endpoint=environment.aws_endpoint,
            region=environment.aws_default_region,
        )
    return _folder(str(home_path("dev") / "files"))


def _by_url(environment: Environment, url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    match parts.scheme:
        case "file":
            return _folder(unquote(parts.path))
        case "s3":
            return _bucket(environment, parts.hostname, **dict(parse_qsl(parts.query)))
        case _:
            raise ImproperlyConfigured("FILES_URL is s3://bucket?endpoint=…&region=… or file:///path.")


def _folder(path: str) -> dict[str, Any]:
    if not path.startswith("/"):
        raise ImproperlyConfigured("FILES_URL names a folder by its whole path: file:///path.")
    return {"BACKEND": LOCAL, "OPTIONS": {"location": path}}


def _bucket(environment: Environment, name: str | None, **options: str | None) -> dict[str, Any]:
    if not name:
        raise ImproperlyConfigured(
            "The object store needs a bucket: s3://bucket in FILES_URL, or AWS_BUCKET."
        )
    if unknown := options.keys() - {"endpoint", "region"}:
        raise ImproperlyConfigured(
            f"FILES_URL accepts endpoint and region, not {', '.join(sorted(unknown))}."
        )
    options |= _credentials(environment)
    return {"BACKEND": S3, "OPTIONS": {"bucket": name} | {k: v for k, v in options.items() if v}}


def _credentials(environment: Environment) -> dict[str, str | None]:
    """Without them the AWS client finds its own, such as a role of the machine."""
    secret, token = environment.aws_secret_access_key, environment.aws_session_token
    return {
        "access_key": environment.aws_access_key_id,
        "secret_key": secret.get_secret_value() if secret else None,
        "security_token": token.get_secret_value() if token else None,
    }


STORAGES = {
    "default": store(env()),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
UPLOAD_MAX_BYTES = env().upload_max_bytes
FILE_UPLOAD_HANDLERS = [
    "apps.kernel.uploads.streaming.LimitedUploads",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
