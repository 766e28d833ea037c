"""The queue: tasks of any kind, their states, order and history. It knows no job."""
