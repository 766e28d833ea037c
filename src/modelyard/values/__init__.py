"""Plain frozen facts that every room may speak about: addresses, digests, offers, sizes."""
