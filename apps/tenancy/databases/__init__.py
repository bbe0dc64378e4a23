"""The online move of a tenant to another database."""
