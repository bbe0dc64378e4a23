"""Settings of gunicorn: `gunicorn -c python:config.web.server`, with `--bind`, `--workers` and `--threads` of the node.

A proxy in front should read requests whole and pass on responses itself (docs/operations.md). These limits hold without
one too.
"""

wsgi_app = "config.wsgi:application"
worker_class = "config.web.deadlines.DeadlineWorker"
threads = 8

limit_request_line = 8_190
"""Bytes of method, address and version. Filters of lists are in the address."""
limit_request_fields = 64
limit_request_field_size = 8_190
"""Bytes of one header. The size of a body is limited by DATA_UPLOAD_MAX_MEMORY_SIZE, that of a webhook by its view."""

keepalive = 5
"""Seconds that a connection waits for its first and for its next request."""
timeout = 60
"""Seconds after which a worker process that no longer runs its main loop is replaced. Not a limit of a request."""
graceful_timeout = 30
backlog = 512
worker_connections = 512
control_socket_disable = True
