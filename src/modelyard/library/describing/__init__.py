"""Descriptions from hubs and sidecars, made harmless before a page or another program sees them."""
