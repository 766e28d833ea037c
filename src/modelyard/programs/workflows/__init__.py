"""Workflows: which models they need, in whatever file they sit."""
