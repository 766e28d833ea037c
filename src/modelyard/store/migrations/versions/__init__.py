"""One file a step, in order; a step is never changed once it was released."""
