"""Backups: schedule, retention and recovery objectives."""

from config.env import env

BACKUP_INTERVAL_HOURS = env().backup_interval_hours
BACKUP_RETENTION_DAYS = env().backup_retention_days
BACKUP_MAX_COUNT = env().backup_max_count
BACKUP_RESTORE_DRILL_DAYS = env().backup_restore_drill_days
BACKUP_RPO_HOURS = env().backup_rpo_hours
"""Recovery point objective; 0: none."""
BACKUP_RTO_HOURS = env().backup_rto_hours
"""Recovery time objective; 0: none."""
BACKUP_WITH_FILES = env().backup_with_files
