"""Service: the broker process with the sealed store, keys, sessions and audit; and its client."""
