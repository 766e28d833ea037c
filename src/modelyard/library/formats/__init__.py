"""Bounded readers of model files' headers: what a file says it holds, and what is wrong with it. Nothing is loaded."""
