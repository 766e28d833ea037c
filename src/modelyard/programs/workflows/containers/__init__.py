"""Where programs put a workflow in pictures, videos and sound: bounded readers of our own, nothing is decoded."""
