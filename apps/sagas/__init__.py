"""Multi-step processes across apps: each step is a command with its compensation."""
