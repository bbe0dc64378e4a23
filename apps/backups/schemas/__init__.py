"""The content of a schema, and the statements that create one."""
