"""Signatures as data, a file for each group of families.

Facts from ComfyUI's model detection and the module names of diffusers and transformers.
"""

from modelyard.library.identify.signature import Signature, Table
from modelyard.library.identify.tables import (
    adapters,
    autoencoders,
    encoders,
    flux,
    images,
    others,
    unets,
    upscalers,
    video,
)


def every() -> tuple[Signature, ...]:
    """All rows; what is more special comes first."""
    groups = (adapters, flux, images, video, unets, encoders, autoencoders, upscalers, others)
    return tuple(row for group in groups for row in group.ROWS)


TABLE = Table(every())
