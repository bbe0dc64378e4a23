"""Log lines, metrics, spans and business events: what is recorded about the work of each process."""
