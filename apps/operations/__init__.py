"""Journeys across apps, and oversight. It owns no business nouns."""
