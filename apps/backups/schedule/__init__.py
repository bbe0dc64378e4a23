"""Scheduled backups and restore drills, their policies and objectives."""
