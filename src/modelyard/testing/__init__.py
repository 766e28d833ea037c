"""The practice hub: every model hub's wire, good and bad manners included, on loopback.

::

    with PracticeHub() as hub:
        url = hub.add_file("model.safetensors", 48 << 20)
        hub.faults.use("cut_once", path="*model.safetensors")

Shipped for tests, the demo and benches; nothing else of Modelyard imports it.
"""

from modelyard.testing.content import Bytes, Content, FromFile, Noise, Sparse
from modelyard.testing.hub import PracticeHub
from modelyard.testing.models import gguf_of_size, model_content, safetensors, safetensors_of_size
from modelyard.testing.scenarios import Scenario

__all__ = [
    "Bytes",
    "Content",
    "FromFile",
    "Noise",
    "PracticeHub",
    "Scenario",
    "Sparse",
    "gguf_of_size",
    "model_content",
    "safetensors",
    "safetensors_of_size",
]
