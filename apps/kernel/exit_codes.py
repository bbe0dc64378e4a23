"""Exit codes of management commands, besides 0 for success."""

EXIT_CODE_WRONG_USAGE = 2
EXIT_CODE_REFUSED = 3
EXIT_CODE_INCOMPLETE = 4
"""The command is done, and its effect has not arrived everywhere."""
