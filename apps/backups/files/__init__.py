"""Backup files: their format, storage, export, import and verification."""
