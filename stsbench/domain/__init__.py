"""Nouns: what things are. Frozen values; numpy and the standard library only."""
