"""Users, roles and permissions, sign-in and tokens, support access."""
