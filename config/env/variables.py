"""Every variable, with its type, default and meaning, in sections.

A field is the variable of the same name in capitals; an empty one counts as not set. `.env.example` is generated from
this file: `python -m config.env.example --write`. URLs carry passwords, so they are left out of the representation.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from .parsing import CommaSeparated, Keys, feature_flags, is_set, schema_prefix

REQUIRED_IN_PRODUCTION = ("public_url",)
"""Beside keys (config/keys) and the storage of files: FILES_URL, or FILESYSTEM_DISK and its variables."""


def _secret_url(description: str) -> str | None:
    url: str | None = Field(default=None, repr=False, description=description)
    return url


class Databases(BaseModel):
    """Databases"""

    database_url: str | None = _secret_url("Connection of the runtime, role bursar_app")
    database_owner_url: str | None = _secret_url("Connection of migrate_schemas, role bursar_owner")
    database_relay_url: str | None = _secret_url("Connection of the relay, role bursar_relay")
    database_backup_url: str | None = _secret_url("Connection of the backup worker, role bursar_backup")
    database_pooler: Literal["session", "transaction"] = Field(
        default="session", description="Kind of the pooler between web and database"
    )
    database_pool_size: int = Field(
        default=0, ge=0, description="Connections shared by the threads of a process; 0: one per thread"
    )
    db_host: str | None = Field(default=None, description="Hosts, if other than the URL's: db1,db2:5433")
    db_write_host: str | None = Field(default=None, description="Hosts for writes")
    db_read_host: str | None = Field(default=None, description="Hosts for reads of reports")


class Shards(BaseModel):
    """Further databases"""

    database_shards: str | None = _secret_url("name=url,name=url")
    database_owner_shards: str | None = _secret_url("Likewise for the owner")
    database_relay_shards: str | None = _secret_url("Likewise for the relay")
    database_backup_shards: str | None = _secret_url("Likewise for the backup worker")
    database_read_shards: str | None = Field(
        default=None, description="Hosts of replicas: east=r1,r2,west=r3"
    )
    database_movers: str | None = _secret_url("Replication connections for online moves: home=url,east=url")
    tenant_database_strategy: str = Field(
        default="single", description="Placement of new tenants: single, hash, region, range or a dotted path"
    )
    tenant_database_ranges: CommaSeparated = Field(default=(), description="For range: 1=home,10000=east")


class Services(BaseModel):
    """Redis, broker, mail, chats and files"""

    redis_url: str | None = _secret_url("Cache, sessions and broker")
    broker_url: str | None = _secret_url("The broker, if other than REDIS_URL: redis://… or amqps://…")
    broker_visibility_timeout: int = Field(
        default=300, ge=1, description="Seconds until a message of a lost worker is redelivered (Redis only)"
    )
    email_url: str | None = _secret_url("The mail server: smtp://user:password@host:port")
    notice_schemes: CommaSeparated = Field(
        default=("discord", "gchat", "jiras", "jsons", "mmosts", "ntfys", "slack", "workflows"),
        description="The enabled chat services",
    )
    files_url: str | None = Field(
        default=None, description="s3://bucket?endpoint=…&region=… or file:///folder"
    )
    filesystem_disk: Literal["local", "s3"] | None = Field(default=None, description="Instead of FILES_URL")
    aws_bucket: str | None = Field(default=None, description="With FILESYSTEM_DISK=s3")
    aws_endpoint: str | None = Field(default=None, description="With FILESYSTEM_DISK=s3")
    aws_default_region: str | None = Field(default=None, description="With FILESYSTEM_DISK=s3")
    aws_access_key_id: str | None = Field(
        default=None, repr=False, description="Of the bucket, unless the machine has a role"
    )
    aws_secret_access_key: SecretStr | None = Field(default=None, description="With AWS_ACCESS_KEY_ID")
    aws_session_token: SecretStr | None = Field(default=None, description="Of temporary credentials")
    upload_max_bytes: int = Field(
        default=20_000_000, ge=1, description="Maximum size of an upload, in bytes, of all files of a request"
    )


class Approvals(BaseModel):
    """Environment and approvals"""

    bursar_environment: Literal["development", "test", "staging", "production"] | None = Field(
        default=None, description="In production, approvals by a second person are required"
    )
    approvals_required: CommaSeparated = Field(
        default=(), description="Kinds of approval that are required in any environment"
    )


class Secrets(BaseModel):
    """Secrets and tokens. A list of keys is written newest first, each as id:base64 of 32 random bytes"""

    secret_key: SecretStr = Field(default=SecretStr(""), description="Signatures of sessions and links")
    secret_key_fallbacks: Keys = Field(
        default=(), description="Earlier values of SECRET_KEY, whose signatures remain valid"
    )
    field_keys: Keys = Field(default=(), description="Keys of the secrets in the database")
    audit_keys: Keys = Field(default=(), description="Keys of the audit seals; old keys stay")
    token_keys: Keys = Field(default=(), description="Signing keys of access tokens (Ed25519)")
    access_token_seconds: int = Field(default=600, ge=60, le=900, description="Lifetime of an access token")
    refresh_token_days: int = Field(default=7, ge=1, le=90, description="Maximum idle time of an API session")
    api_session_days: int = Field(default=30, ge=1, le=365, description="Maximum lifetime of an API session")
    session_idle_minutes: int = Field(
        default=480, ge=5, le=10_080, description="Maximum idle time of a console session"
    )
    session_max_hours: int = Field(
        default=24, ge=1, le=720, description="Maximum lifetime of a console session"
    )
    metrics_token: SecretStr | None = Field(default=None, description="Token of the scraper of /metrics")


class Web(BaseModel):
    """Addresses"""

    port: int = Field(default=8000, ge=1, le=65535, description="Port of the development server")
    public_url: str = Field(
        default_factory=lambda data: f"http://localhost:{data['port']}",
        description="Address of the operator's console",
    )
    base_domain: str = Field(default="localhost", description="Tenants are at <slug>.BASE_DOMAIN")
    extra_hosts: CommaSeparated = Field(default=(), description="Further hosts of the operator's console")
    csrf_trusted_origins: CommaSeparated = Field(default=(), description="Further origins of the console")
    trusted_proxies: int = Field(
        default=0, ge=0, le=9, description="Number of own proxies that append to X-Forwarded-For"
    )


class Tenants(BaseModel):
    """Tenants, retention and backups"""

    tenant_schema_prefix: Annotated[str, AfterValidator(schema_prefix)] = Field(
        default="tenant_", description="Chosen before the first tenant"
    )
    spare_tenants: int = Field(default=3, ge=0, description="Pre-provisioned schemas in each database")
    event_retention_days: int = Field(default=90, ge=1, description="Of delivered events, for replays")
    webhook_retention_days: int = Field(default=90, ge=1, description="Of finished webhook messages")
    webhooks_per_minute: int = Field(
        default=600, ge=1, description="Maximum number of posts per minute to a source"
    )
    backup_interval_hours: float = Field(default=24, gt=0, description="Interval of scheduled backups")
    backup_retention_days: float = Field(default=30, gt=0, description="Retention of backups")
    backup_max_count: int = Field(default=0, ge=0, description="Backups per tenant; 0: unlimited")
    backup_restore_drill_days: float = Field(default=7, gt=0, description="Interval of restore drills")
    backup_rpo_hours: float = Field(default=0, ge=0, description="Recovery point objective; 0: none")
    backup_rto_hours: float = Field(default=0, ge=0, description="Recovery time objective; 0: none")
    backup_with_files: bool = Field(
        default=True, description="Whether backups contain the files of the tenant"
    )


class Flags(BaseModel):
    """Feature flags, beside FEATURE_FLAG_<NAME>=true or false"""

    flag_source: str = Field(
        default="",
        description="A file of flags, or https://… of a server that speaks OFREP; empty: the database",
    )
    flag_source_token: SecretStr | None = Field(default=None, description="Bearer token of that server")


class Observability(BaseModel):
    """Workers, logs, metrics and traces"""

    worker_grace: float = Field(
        default=25.0, ge=0, description="Seconds for the running task of a worker after SIGTERM"
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_format: Literal["json", "line"] | None = Field(
        default=None, description="json unless standard error is a terminal"
    )
    instrumentation: CommaSeparated = Field(
        default=("log",), description="log, prometheus, otlp or a dotted path"
    )
    prometheus_multiproc_dir: Path | None = Field(
        default=None, description="Folder of metrics of all processes"
    )
    otel_exporter_otlp_endpoint: str | None = Field(default=None, description="http://collector:4318")
    trust_traceparent: bool = Field(default=False, description="Only behind a proxy that replaces the header")


class Embedded(BaseModel):
    """The servers of a checkout, and tests"""

    bursar_pg_bin: Path | None = Field(default=None, description="Folder of PostgreSQL's programs")
    bursar_valkey_server: Path | None = Field(default=None, description="Program of Valkey or Redis")
    bursar_home: Path | None = Field(default=None, description="Folder of data, by default .bursar")
    bursar_pg_user: str = Field(default="nobody", description="User of PostgreSQL, when started by root")
    chromium: Path = Field(default=Path("/usr/bin/chromium"), description="Browser of the tests")
    ci: Annotated[bool, BeforeValidator(is_set)] = Field(default=False, description="Set by CI servers")


SECTIONS: tuple[type[BaseModel], ...] = (
    Databases,
    Services,
    Approvals,
    Secrets,
    Web,
    Tenants,
    Flags,
    Observability,
    Shards,
    Embedded,
)


class Environment(
    Databases,
    Services,
    Approvals,
    Secrets,
    Web,
    Tenants,
    Flags,
    Observability,
    Shards,
    Embedded,
    BaseSettings,
):
    """The values of this process."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    feature_flags: dict[str, bool] = Field(default_factory=feature_flags)
