"""Where webhooks and messages into chats may go."""

OUTBOUND_TO_LOOPBACK = False
"""Whether this machine itself may be told, over plain HTTP on any port: for development and tests alone."""
