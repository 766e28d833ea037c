"""Lending: a model made usable in another program, written down before, undone only as long as it is ours."""
