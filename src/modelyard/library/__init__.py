"""Model folders on disk: where a file may go and under which name."""
