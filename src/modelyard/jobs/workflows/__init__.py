"""From a workflow to its models: what is here, where the rest can be had, and getting it."""
