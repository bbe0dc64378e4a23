"""The REST interface and its documentation."""

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.service_accounts.api.authentication.ServiceAccountToken",
        "apps.identity.api.authentication.AccessToken",
        "apps.bus.api.authentication.ConsoleSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "apps.tenancy.api.permissions.TenantIsOpen",
        "apps.bus.api.permissions.MayRead",
        "apps.bus.api.permissions.FlagIsOn",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.bus.api.parsers.JSONBody"],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "apps.bus.api.schema.Schema",
    "URL_FORMAT_OVERRIDE": None,
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
}
PROTOCOL_AUTHENTICATION_CLASSES = [
    "apps.service_accounts.api.authentication.TokenOfProtocols",
    "apps.identity.api.authentication.AccessToken",
    "apps.bus.api.authentication.ConsoleSession",
]
"""Of OFREP and the client API of Unleash, whose clients send tokens in other headers too."""
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "apps.kernel.problems.rest.ProblemHandler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Bursar",
    "VERSION": "1.0.0",
    "DESCRIPTION": "The back office of many companies: books, periods and audit log.",
    "DEFAULT_GENERATOR_CLASS": "apps.bus.api.schema.PlaneGenerator",
    "OAS_VERSION": "3.1.1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENFORCE_NON_BLANK_FIELDS": True,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "POSTPROCESSING_HOOKS": ["apps.kernel.problems.documentation.document_problems"],
}
