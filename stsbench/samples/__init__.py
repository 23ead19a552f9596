"""Craft: synthetic dentitions and defects with ground truth."""
