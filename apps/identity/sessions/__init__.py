"""Sessions of users: their rows are in `identity.models`, the content of console sessions is in Redis.

browser   the session of a browser, bound to its row
pages     lists of sessions, and of security activity, in both consoles
api       the same over the API
"""
