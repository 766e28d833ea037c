"""Hubs: what is this text, and which files does it offer? They know the network, nothing of disks or queues."""
