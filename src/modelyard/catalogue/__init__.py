"""What is known of every model on the disks: tables, search, facets."""
