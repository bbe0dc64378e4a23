"""Formats of dates by language, for lists, pages and field histories (settings.FORMAT_MODULE_PATH)."""
