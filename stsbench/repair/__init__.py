"""Craft: a scan goes in; a repaired scan, its edit record and findings come out."""
