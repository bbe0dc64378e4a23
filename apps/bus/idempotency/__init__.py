"""Idempotency: a repeated request has no further effect and gets the first response.

A caller identifies a request by its own key (`Idempotency-Key` over HTTP). A command may also have a natural key, a
business fact that can occur only once for all callers. The key is stored in the transaction of the effect, so a flushed
cache, a lost response or a second worker cannot repeat it. Follows draft-ietf-httpapi-idempotency-key-header-07.
"""
