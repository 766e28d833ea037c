"""Small files beside a model in which tools keep what they know of it; one file per tool here (field.md 2a).

`reading.read_all` reads every tool's and merges them, `writing.write` writes the chosen ones without losing what others
wrote, `belonging.sidecars_of` tells which files must move with a model.
"""
