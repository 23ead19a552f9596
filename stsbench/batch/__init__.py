"""Faces: notebooks in bulk."""
