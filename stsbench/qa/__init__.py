"""Service: checks, renders and the report."""
