"""Files that outlive a request, such as invoices, exports and backups: in the object store, not on a node's disk."""
