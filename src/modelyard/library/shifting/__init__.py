"""Moving files of the library: below opened roots, journaled, never over another file, whole or not at all."""
