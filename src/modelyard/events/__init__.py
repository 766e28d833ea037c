"""What happens in the yard, numbered, so that nobody has to be there to know it."""
