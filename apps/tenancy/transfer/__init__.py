"""Backup, restore, move and clone of a whole tenant. All of them export a schema to a backup file and import it again.

catalogue       tables, columns, sequences and object definitions of a schema
blueprint       the statements that create a schema, split in those before the rows and those after them
masking         how each column is exported: unchanged, as a rank, or anonymised
backup_file     the file format: parts with checksums and a signed manifest
exporting       tenant → backup file              importing       backup file → schema
verifying       compares a schema with the manifest of a backup file
restoring       schema → tenant                   moving          tenant → another database
outbox          undelivered events, exported and imported with the tenant
storage         where backup files are stored     jobs            backup jobs and retention
scheduler       which backups are due             restore_drills  test restores of backups
policies        backup interval and retention     objectives      RPO, RTO and the backup status of each tenant
running         the work loop of the backup worker
"""
