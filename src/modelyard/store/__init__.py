"""What is remembered: the database of the queue and the catalogue, and proofs, which are facts about local files."""
