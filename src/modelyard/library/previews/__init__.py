"""Previews: found under every tool's name, checked, written, shown small. A limited child process decodes them.

`finding` and `embedded` find them, `decoder` is the parent's side of the child, `replacing` writes and restores,
`thumbnails` keeps small ones. `child`, `pictures`, `stills`, `placeholder` and `patterns` run in the child; nothing
is imported here, so that it starts fast.
"""
