"""Verbs: what the lab does: intake, repair, model, review, release."""
