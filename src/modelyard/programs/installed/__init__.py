"""Other programs of this machine that keep models: found by their own files, read and never changed here."""
