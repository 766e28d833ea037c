"""Files read and identified in child processes that may use little memory and little time."""
