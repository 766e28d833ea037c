"""Backup and restore of what only this machine knows: what no disk and no hub would tell again."""
