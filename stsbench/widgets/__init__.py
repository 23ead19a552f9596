"""Faces: what the technician sees in the notebook; no algorithm."""
