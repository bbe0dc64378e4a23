"""The environment of the process. No other code reads `os.environ`.

`env()` reads it once. To change it, call `put()`: the next `env()` then reads again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from django.core.exceptions import ImproperlyConfigured
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

FLAG_PREFIX = "FEATURE_FLAG_"
FLAG_WORDS = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}


def _split(value: object) -> object:
    """Lists are comma-separated, not JSON."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _feature_flags() -> dict[str, bool]:
    """The global level of each feature flag in the environment: `FEATURE_FLAG_FIXED_ASSETS=off`."""
    flags = {
        name: value.strip().lower()
        for name, value in sorted(os.environ.items())
        if name.startswith(FLAG_PREFIX)
    }
    unclear = [f"{name}={value}" for name, value in flags.items() if value not in FLAG_WORDS]
    if unclear:
        raise ImproperlyConfigured(
            f"A feature flag is true, false, 1, 0, on or off, but the environment has {', '.join(unclear)}."
        )
    return {_flag_name(name): FLAG_WORDS[value] for name, value in flags.items()}


def _flag_name(variable: str) -> str:
    return variable.removeprefix(FLAG_PREFIX).lower().replace("_", "-")


def _is_set(value: object) -> bool:
    """True for any value but a negative one: some continuous integration servers set CI to their own name."""
    return str(value).lower() not in {"false", "0", "off"}


def _prefix(value: str) -> str:
    """Only letters, since a number follows, and no prefix that is in use for other schemas."""
    reserved = ("spare_", "before_", "moved_", "restoring_", "bursar", "pg_")
    if not re.fullmatch(r"[a-z][a-z_]{1,29}", value) or value.startswith(reserved):
        raise ValueError(f"write 2 to 30 of a-z and _, and none of {', '.join(reserved)} as prefix")
    return value


CommaSeparated = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class Environment(BaseSettings):
    """Each field is the variable of the same name in capitals; an empty one counts as not set."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    # URLs carry passwords, so they are left out of the representation.
    database_url: str | None = Field(default=None, repr=False)
    database_owner_url: str | None = Field(default=None, repr=False)
    database_relay_url: str | None = Field(default=None, repr=False)
    database_backup_url: str | None = Field(default=None, repr=False)
    database_pooler: Literal["session", "transaction"] = "session"
    database_pool_size: int = Field(default=0, ge=0)
    # Hosts of home, if other than the URL's: lists in the format of libpq.
    db_host: str | None = None
    db_write_host: str | None = None
    db_read_host: str | None = None
    # Shards, name=url,name=url; hosts of replicas, name=host,host,name=host.
    database_shards: str | None = Field(default=None, repr=False)
    database_owner_shards: str | None = Field(default=None, repr=False)
    database_relay_shards: str | None = Field(default=None, repr=False)
    database_backup_shards: str | None = Field(default=None, repr=False)
    database_read_shards: str | None = None
    # Replication connections for online moves: home=url,east=url.
    database_movers: str | None = Field(default=None, repr=False)
    # Placement of new tenants.
    tenant_database_strategy: str = "single"
    tenant_database_ranges: CommaSeparated = ()
    redis_url: str | None = Field(default=None, repr=False)
    broker_url: str | None = Field(default=None, repr=False)
    email_url: str | None = Field(default=None, repr=False)
    notice_schemes: CommaSeparated = ("discord", "gchat", "jsons", "mmosts", "ntfys", "slack", "workflows")
    files_url: str | None = None
    filesystem_disk: Literal["local", "s3"] | None = None
    aws_bucket: str | None = None
    aws_endpoint: str | None = None
    aws_default_region: str | None = None
    secret_key: SecretStr = SecretStr("")
    audit_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)] = ()
    trusted_proxies: int = Field(default=0, ge=0, le=9)
    token_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)] = ()
    access_token_seconds: int = Field(default=600, ge=60, le=900)
    refresh_token_days: int = Field(default=7, ge=1, le=90)
    api_session_days: int = Field(default=30, ge=1, le=365)
    field_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)] = ()

    port: int = Field(default=8000, ge=1, le=65535)
    spare_tenants: int = Field(default=3, ge=0)
    base_domain: str = "localhost"
    tenant_schema_prefix: Annotated[str, AfterValidator(_prefix)] = "tenant_"
    extra_hosts: CommaSeparated = ()
    public_url: str = Field(default_factory=lambda data: f"http://localhost:{data['port']}")
    csrf_trusted_origins: CommaSeparated = ()
    log_level: str = "INFO"

    # Seconds: until a message of a lost worker is redelivered, and for a worker's running task after SIGTERM.
    broker_visibility_timeout: int = Field(default=300, ge=1)
    worker_grace: float = Field(default=25.0, ge=0)
    event_retention_days: int = Field(default=90, ge=1)
    webhook_retention_days: int = Field(default=90, ge=1)
    webhooks_per_minute: int = Field(default=600, ge=1)
    # Backup interval, retention and maximum count (0: unlimited) per tenant, interval of restore drills.
    # Objectives for recovery point and recovery time (0: none).
    backup_interval_hours: float = Field(default=24, gt=0)
    backup_retention_days: float = Field(default=30, gt=0)
    backup_max_count: int = Field(default=0, ge=0)
    backup_restore_drill_days: float = Field(default=7, gt=0)
    backup_rpo_hours: float = Field(default=0, ge=0)
    backup_rto_hours: float = Field(default=0, ge=0)
    log_format: Literal["json", "line"] | None = None
    instrumentation: CommaSeparated = ("log",)
    metrics_token: SecretStr | None = None
    prometheus_multiproc_dir: Path | None = None
    otel_exporter_otlp_endpoint: str | None = None
    trust_traceparent: bool = False

    # Programs and data directory of the embedded servers.
    bursar_pg_bin: Path | None = None
    bursar_valkey_server: Path | None = None
    bursar_home: Path | None = None
    bursar_pg_user: str = "nobody"

    chromium: Path = Path("/usr/bin/chromium")
    ci: Annotated[bool, BeforeValidator(_is_set)] = False

    feature_flags: dict[str, bool] = Field(default_factory=_feature_flags)

    def required(self, *names: str) -> None:
        """Raises one ImproperlyConfigured that names all of these without a value."""
        missing = [name.upper() for name in names if name not in self.model_fields_set]
        if missing:
            raise ImproperlyConfigured(f"Bursar cannot start: set {', '.join(missing)} in the environment.")


@lru_cache(maxsize=1)
def env() -> Environment:
    """The environment. Raises one ImproperlyConfigured that names every invalid variable."""
    try:
        return Environment()
    except ValidationError as error:
        raise ImproperlyConfigured(f"The environment is not usable: {_reasons(error)}.") from None


def _reasons(error: ValidationError) -> str:
    """Names and reasons without values, which may be secrets."""
    details = error.errors(include_input=False, include_url=False)
    return "; ".join(
        f"{str(detail['loc'][0]).upper()}: {detail['msg']}"
        for detail in details
        if detail["type"] != "default_factory_not_called"  # follows from another invalid variable
    )


def put(**variables: str) -> None:
    """Sets variables, written by field name, for this process and its children."""
    os.environ.update({name.upper(): value for name, value in variables.items()})
    env.cache_clear()


def for_child(*, without: Collection[str] = (), **variables: str) -> dict[str, str]:
    """The environment of a child process: that of this process without the given variables."""
    inherited = {name: value for name, value in os.environ.items() if name not in without}
    return inherited | variables
