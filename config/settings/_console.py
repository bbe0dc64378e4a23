"""How the two consoles look. Their pages are in apps/console and in each app's admin.py."""
