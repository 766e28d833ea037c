"""Other programs: what their files ask for."""
