"""The HTTP port: one strict, bounded HTTP/1.1 client for hub answers and for model bytes."""
