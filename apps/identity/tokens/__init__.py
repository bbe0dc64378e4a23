"""Tokens of the API: who somebody is and what he may do, said in one signed word that costs no query to verify.

keys        what signs them, and what verifies them
access      the access token: made, read, and held against the tenant at hand
refreshing  the refresh tokens of a session, each good for one use
bearer      the actor that a token speaks for
strategy    how django-allauth's login hands them out
"""
