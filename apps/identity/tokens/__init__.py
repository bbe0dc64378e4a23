"""API tokens: identity and permissions of a user in a signed token, verified without a query.

keys        the signing and verifying keys
access      the access token: issuing, reading and validation against the current tenant
refreshing  the refresh tokens of a session, each valid for one use
bearer      the actor of a request with an access token
strategy    the connection to django-allauth's login
"""
