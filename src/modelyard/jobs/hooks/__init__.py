"""Hooks: what a person wants to happen when a task is done, fails, starts, or the queue is empty."""
