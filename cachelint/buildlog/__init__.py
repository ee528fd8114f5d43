"""Build logs: what an engine printed while it built, read as plain text and believed only where it can be."""
