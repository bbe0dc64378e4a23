"""The object store of several nodes: S3 or a compatible service.

Without credentials, they are found as by AWS tools: a role of the machine, or a web identity.
"""

from __future__ import annotations

import mimetypes
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError
from storages.backends.s3 import S3Storage

from .store import LINK_LIFETIME_S, Files, full_name

TAKEN = {"PreconditionFailed", "ConditionalRequestConflict"}


class S3Files(Files):
    """Objects of one private bucket; names are keys."""

    inner: _Bucket

    def __init__(
        self, bucket: str, endpoint: str | None = None, region: str | None = None, **credentials: str
    ) -> None:
        """Credentials: access_key, secret_key and, if they are temporary, security_token."""
        self.inner = _Bucket(
            bucket_name=bucket,
            endpoint_url=endpoint,
            region_name=region,
            default_acl=None,  # private, and buckets without ACLs accept it
            file_overwrite=False,
            querystring_auth=True,
            **credentials,
            client_config=_client_config(by_path=endpoint is not None),
        )

    def url(self, name: str | None, expire: int = LINK_LIFETIME_S) -> str:
        key = full_name(name or "")
        leaf = key.rsplit("/", 1)[-1]
        headers = {"ResponseContentDisposition": f'attachment; filename="{leaf}"'}
        return str(self.inner.url(key, parameters=headers, expire=expire))


class _Bucket(S3Storage):  # type: ignore[misc]  # the package has no types
    """The backend of django-storages with two changes: it never overwrites an object, and it does not set
    `Content-Encoding` for `.gz`, which would make clients decompress the file."""

    def _save(self, name: str, content: Any) -> str:
        while not self._put(name, content):
            name = self.get_available_name(name)
        return name

    def _put(self, name: str, content: Any) -> bool:
        """False when the name is taken."""
        content.seek(0)
        kind, encoding = mimetypes.guess_type(name)
        try:
            self.connection.meta.client.put_object(
                Bucket=self.bucket_name,
                Key=name,
                Body=_bytes_of(content),
                ContentType=kind if kind and not encoding else "application/octet-stream",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in TAKEN:
                return False
            raise
        return True


def _bytes_of(content: Any) -> Any:
    """The file under Django's wrapper, or its text as bytes."""
    head = content.read(1)
    content.seek(0)
    return content.read().encode() if isinstance(head, str) else content.file


def _client_config(*, by_path: bool) -> Config:
    """Timeouts below the time limit of workers. Compatible services usually have no DNS name for each bucket."""
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": "path" if by_path else "auto"},
        connect_timeout=5,
        read_timeout=30,
        retries={"max_attempts": 3, "mode": "standard"},
    )
