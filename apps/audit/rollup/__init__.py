"""The rollup: audit records counted by minute and command."""
