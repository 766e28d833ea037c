"""Whatever hubs answer, nothing that was known is wiped and the owner's words stay."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from modelyard.jobs.learning import cleaned, deleted, filled, told, unknown
from modelyard.values.about import About, Own, Picture

WORDS = (
    "name",
    "kind",
    "base_model",
    "author",
    "licence",
    "trained_words",
    "tags",
    "pictures",
    "published",
    "description",
)
HUBS = st.sampled_from(["", "civitai", "huggingface"])
SHORT = st.sampled_from(["", "a", "b"])


@st.composite
def abouts(draw: st.DrawFn) -> About:
    hub = draw(HUBS)
    return About(
        hub=hub,
        model_id=draw(st.sampled_from(["1", "2"])) if hub else "",
        version_id=draw(SHORT) if hub else "",
        name=draw(SHORT),
        base_model=draw(SHORT),
        description=draw(SHORT),
        description_form=draw(st.sampled_from(["html", "markdown"])),
        trained_words=draw(st.sampled_from([(), ("x",), ("y",)])),
        pictures=draw(st.sampled_from([(), (Picture("https://x.example/a.png"),)])),
        claimed=draw(st.dictionaries(st.sampled_from(["sha256", "crc32"]), SHORT)),
        nsfw=draw(st.sampled_from([None, 1, 16])),
        gone=draw(st.booleans()),
        unknown_at=draw(st.sampled_from([(), ("civitai",)])),
        own=draw(st.sampled_from([Own(), Own(title="mine", tags=("t",))])),
    )


@given(abouts(), abouts())
def test_what_fills_gaps_changes_nothing_that_was_known_and_mixes_no_two_models(old: About, new: About) -> None:
    now = filled(old, new)
    for name in WORDS:
        assert getattr(now, name) == (getattr(old, name) or getattr(new, name)), name
    identity = old if old.hub else new
    assert (now.hub, now.model_id, now.version_id) == (identity.hub, identity.model_id, identity.version_id)
    assert now.claimed == {**new.claimed, **old.claimed}
    kept = (old.own, old.gone, old.asked, old.unknown_at)
    assert (now.own, now.gone, now.asked, now.unknown_at) == kept
    assert filled(now, new) == now


def test_a_page_that_a_small_file_named_stays_when_the_model_is_learnt() -> None:
    now = filled(About(page="https://x.example/a"), About(hub="huggingface", model_id="org/a", version_id="1"))
    assert (now.page, now.hub, now.model_id) == ("https://x.example/a", "huggingface", "org/a")


@given(abouts(), abouts().filter(lambda one: one.hub))
def test_an_answer_wipes_nothing(old: About, new: About) -> None:
    now = told(old, new, "2026-01-01T00:00:00+00:00")
    for name in WORDS:
        assert bool(getattr(now, name)) == bool(getattr(old, name) or getattr(new, name)), name
        assert getattr(now, name) in (getattr(old, name), getattr(new, name)), name
    assert now.own == old.own
    assert now.claimed.keys() == old.claimed.keys() | new.claimed.keys()
    assert new.hub not in now.unknown_at
    same = not (old.hub and old.model_id) or (old.hub, old.model_id) == (new.hub, new.model_id)
    assert (now.hub, now.model_id) == ((new.hub, new.model_id) if same else (old.hub, old.model_id))
    if same:
        assert not now.gone
        assert all(getattr(now, name) == getattr(new, name) for name in WORDS if getattr(new, name))
    assert (now.description, now.description_form) in [(one.description, one.description_form) for one in (old, new)]


@given(abouts())
def test_no_answer_wipes_nothing_either(old: About) -> None:
    assert replace(deleted(old, "now"), gone=old.gone, asked=old.asked) == old
    assert replace(unknown(old, ("civitai",), "now"), unknown_at=old.unknown_at, asked=old.asked) == old
    assert unknown(unknown(old, ("civitai",), "now"), ("civitai",), "now").unknown_at.count("civitai") == 1


def test_a_description_is_cleaned_by_its_form() -> None:
    assert cleaned(About(description="<p onclick=x>a<script>b</script></p>")).description == "<p>a</p>"
    assert cleaned(About(description="a < b", description_form="markdown")).description == "a < b"
    assert cleaned(About()) == About()
