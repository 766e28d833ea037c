"""Two models side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelyard.errors import NoSuchFile, NoSuchModel
from modelyard.jobs.comparing import compare
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.net.stop import Stop

from .library import library, model, scanned


def test_a_new_header_around_the_same_tensors_is_seen(tmp_path: Path) -> None:
    with library(tmp_path) as (app, root):
        one, two = model(root / "a.safetensors"), model(root / "b.safetensors", title="other")
        three = model(root / "c.safetensors", 5)
        scanned(app)
        ids = [app.stock.catalogue.at(str(path)).id for path in (one, two, three)]
        assert compare(app.stock, ids[0], ids[1]).same_bytes is None
        measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)
        found = compare(app.stock, ids[0], ids[1])
        assert (found.same_bytes, found.same_tensors, found.tensors_alike, found.tensors_differ) == (False, True, 2, 0)
        assert [(one.name, one.first, one.second) for one in found.metadata] == [("title", None, "other")]
        assert compare(app.stock, ids[0], ids[2]).same_tensors is False
        with pytest.raises(NoSuchModel):
            compare(app.stock, ids[0], 99)
        one.unlink()
        with pytest.raises(NoSuchFile):
            compare(app.stock, ids[0], ids[1])
