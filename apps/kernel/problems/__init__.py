"""Error responses: RFC 9457 problem+json for every refusal, or a page with the same content for browsers."""
