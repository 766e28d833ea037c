"""Which models hubs are asked about, and what is written of their answers, on each database."""

from __future__ import annotations

import math

from msgspec.structs import replace

from modelyard.catalogue.catalogue import Catalogue
from modelyard.catalogue.refreshing import Learned
from modelyard.values.about import About, Own, Picture, Version, VersionFile
from modelyard.values.identity import Identity

WHOLE = About(name="n", description="d", base_model="b", pictures=(Picture("https://x.example/a.png"),))


def test_models_are_asked_about_in_order_of_use_then_those_never_asked_then_the_newest(
    catalogue: Catalogue, make
) -> None:
    used, old, new, asked, whole = catalogue.keep(
        [*(make(f"{name}.safetensors") for name in ("used", "old", "new", "asked")), make("w.safetensors", WHOLE)]
    )
    catalogue.write(used, {"uses": 3, "asked": 50.0})
    catalogue.write(old, {"added": 10.0})
    catalogue.write(new, {"added": 20.0})
    catalogue.write(asked, {"asked": 60.0, "added": 30.0})
    catalogue.write(whole, {"preview": "/models/loras/w.preview.png"})
    assert catalogue.due(before=math.inf) == [used, new, old, asked]
    assert catalogue.due(before=55.0) == [used, new, old]
    assert catalogue.due(before=math.inf, most=2) == [used, new]
    assert catalogue.due(before=math.inf, every=True)[-1] in (asked, whole)
    assert set(catalogue.due([whole, old], every=True, before=math.inf)) == {whole, old}
    assert catalogue.due([whole, old], before=math.inf) == [old]
    catalogue.lose([used])
    assert used not in catalogue.due(before=math.inf)


def test_what_was_learnt_is_written_with_columns_tags_and_identity(catalogue: Catalogue, make) -> None:
    first, second = catalogue.keep([make("a.safetensors", About(own=Own(title="Mine"))), make("b.safetensors")])
    surer = Identity("safetensors", "lora", "flux1", certainty="likely", base_model="Flux.1 D")
    found = {
        first: Learned(lambda old: replace(old, hub="civitai", model_id="7", tags=("A",)), surer, {"asked": 9.0}),
        second: Learned(lambda old: replace(old, unknown_at=("civitai",)), None, {"asked": 9.0}),
        10**6: Learned(lambda old: old),
    }
    kept = catalogue.learn(found)
    assert set(kept) == {first, second}
    details = catalogue.details(first)
    assert (details.model.title, details.model.hub_model, details.model.asked) == ("Mine", "7", 9.0)
    assert (details.model.family, details.model.base, details.identity) == ("flux1", "Flux.1 D", surer)
    assert details.tags == ("a",)
    [subject] = catalogue.subjects([second, 10**6])
    assert (subject.about.unknown_at, subject.sha256, subject.tensors) == (("civitai",), "", "")


def test_lacks_are_counted_and_rounds_remembered(catalogue: Catalogue, make) -> None:
    assert set(catalogue.lacks(0.0).__struct_fields__) >= {"damaged", "newer"}
    assert all(getattr(catalogue.lacks(0.0), name) == 0 for name in catalogue.lacks(0.0).__struct_fields__)
    numbers = catalogue.keep([make(f"{number}.safetensors") for number in range(4)])
    catalogue.write(numbers[0], {"health": "damaged", "sha256": "ab" * 32, "checked": 5.0})
    catalogue.write(numbers[1], {"health": "unsafe", "asked": 3.0, "preview": "/p.png"})
    catalogue.lose([numbers[3]])
    lacks = catalogue.lacks(6.0)
    told = (lacks.damaged, lacks.unsafe, lacks.unmeasured, lacks.never_asked, lacks.incomplete, lacks.no_preview)
    assert told == (1, 1, 2, 1, 1, 2)
    assert lacks.unverified == 1
    assert catalogue.lacks(5.0).unverified == 0
    assert (lacks.unread, catalogue.lacks(0.0).unread) == (2, 2)  # never is never, however long ago "long ago" is
    assert catalogue.marked("x") == 0
    for number in (numbers[2], numbers[3]):
        catalogue.keep_newer(number, [Version("2", files=(VersionFile("a", 1),))])
    assert catalogue.lacks(5.0).newer == len(catalogue.newer()) == 1  # the other one is gone
    catalogue.mark("x")
    catalogue.mark("x")
    assert catalogue.marked("x") == 1_000_000.0
