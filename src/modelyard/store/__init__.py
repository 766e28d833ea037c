"""What this machine remembers in SQLite. The proofs are facts about local files and never leave the machine."""
