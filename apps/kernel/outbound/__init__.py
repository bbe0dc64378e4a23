"""HTTP requests to user-supplied URLs, protected against server-side request forgery (SSRF).

HTTPS on port 443 only. The name is resolved once, all its addresses must be public, and the connection goes to a
validated address, so that a changed DNS answer has no effect. Redirects are not followed, responses are not
decompressed, and only their first bytes are read.
"""
