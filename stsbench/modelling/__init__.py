"""Craft: a repaired scan goes in; a digital dental model comes out."""
