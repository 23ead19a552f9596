"""Synthetic orders as clinics send them, and the scripts that make them."""
