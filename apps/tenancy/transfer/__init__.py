"""One exporter for whole tenants: backup, restore, move, clone and drill are the same few verbs in other orders.

catalogue   what a schema has: tables, columns, sequences, and how each of its objects is defined
blueprint   the statements that make such a schema, before the rows and after them
leaving     how each column leaves: as it is, as a place in an order, or disguised
archive     the file: parts with their checksums, and a signed manifest that is written last
exporting   a tenant → an archive           importing   an archive → a schema
verifying   is the schema what the archive says?
restoring   a schema → a tenant             moving      a tenant → another database
keeping     backups are made, and go      drilling     one is tried
asking      whose turn it is               policies     how often, and what is kept
promises    who is kept worse than was promised
"""
