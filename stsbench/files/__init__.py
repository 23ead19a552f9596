"""Edge: scans, models and orders on disk. Bytes to values to bytes; names never pass."""
