"""What a file is, by generated headers: right, never sure and wrong, also when damaged, renamed or mixed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from itertools import chain

import pytest

from library.identify import made
from library.identify.cases import ADAPTERS, MODELS, SHARED
from modelyard.library.formats.header import Header, Tensor
from modelyard.library.identify.identify import identify, kin
from modelyard.library.identify.told import told as told_by
from modelyard.values.about import About
from modelyard.values.identity import CERTAIN, LIKELY, ONE_OF, UNKNOWN

ALL = {**MODELS, **SHARED}


@pytest.mark.parametrize("case", MODELS)
def test_each_family_is_told_for_certain(case: str) -> None:
    (kind, family), made = MODELS[case]
    found = identify(made, f"{family}.safetensors")
    assert (found.kind, found.family, found.certainty) == (kind, family, CERTAIN), found.reasons


def test_a_transformer_that_diffusers_names_alike_is_likely_where_its_name_says_nothing() -> None:
    _, made = MODELS["Qwen-Image"]
    told = {
        name: identify(made, name)
        for name in ("model.safetensors", "qwen_image.safetensors", "diffusers-x.safetensors")
    }
    assert [one.certainty for one in told.values()] == [LIKELY, CERTAIN, CERTAIN]
    assert told["diffusers-x.safetensors"].kind == "diffusers_transformer"


@pytest.mark.parametrize("case", SHARED)
def test_families_with_equal_tensors_are_one_of_several(case: str) -> None:
    (kind, family), made = SHARED[case]
    found = identify(made, "model.safetensors")
    assert (found.kind, found.family, found.certainty) == (kind, family, ONE_OF)
    assert len(found.candidates) > 1


@pytest.mark.parametrize("case", ADAPTERS)
def test_each_adapter_is_told_with_network_base_and_rank(case: str) -> None:
    (network, family, rank), made = ADAPTERS[case]
    found = identify(made, "model.safetensors")
    assert (found.kind, found.network, found.rank) == ("lora", network, rank)
    assert family in (found.family, *found.candidates)


def _without(tensors: dict[str, Tensor], chance: random.Random) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in tensors.items() if chance.random() > 0.1}


def _among_strangers(tensors: dict[str, Tensor], chance: random.Random) -> dict[str, Tensor]:
    mixed = list(chain(tensors.items(), ((f"strange.{n}.w", Tensor("F32", (3,))) for n in range(20))))
    chance.shuffle(mixed)
    return dict(mixed)


def _renamed(tensors: dict[str, Tensor], chance: random.Random) -> dict[str, Tensor]:
    prefix = chance.choice(("some.thing.", "model.diffusion_model.", "net.", "module."))
    return {prefix + name: tensor for name, tensor in tensors.items()}


@pytest.mark.parametrize("change", [_without, _among_strangers, _renamed])
@pytest.mark.parametrize("case", ALL)
def test_what_is_damaged_or_renamed_is_never_sure_and_wrong(
    case: str, change: Callable[[dict[str, Tensor], random.Random], dict[str, Tensor]]
) -> None:
    (_, family), made = ALL[case]
    for seed in range(5):
        tensors = change(dict(made.tensors), random.Random(seed))
        found = identify(Header("safetensors", 1, tensors), "model.safetensors")
        assert found.certainty != CERTAIN or found.family == family, found


def test_nothing_known_is_unknown() -> None:
    found = identify(Header("safetensors", 1, {"encoder.rnn.weight": Tensor("F32", (512, 128))}), "sdxl.safetensors")
    assert (found.kind, found.certainty) == ("unknown", UNKNOWN)


@pytest.mark.parametrize("form", ["safetensors", "gguf", "pickle", "unknown"])
def test_a_file_without_tensors_is_unknown(form: str) -> None:
    assert identify(Header(form), "sdxl.safetensors").certainty == UNKNOWN


def test_one_matrix_as_wide_as_words_is_likely_an_embedding() -> None:
    found = identify(Header("safetensors", 1, {"<cat-toy>": Tensor("F32", (4, 768))}))
    assert (found.kind, found.family, found.certainty) == ("embedding", "sd15", LIKELY)


def _with(case: str, metadata: dict[str, object]) -> Header:
    made = ALL[case][1]
    return Header("safetensors", 1, made.tensors, metadata)


def test_metadata_that_agrees_is_a_reason_more() -> None:
    found = identify(
        _with("SDXL", {"modelspec.architecture": "stable-diffusion-xl-v1-base", "modelspec.title": "My model"})
    )
    assert (found.family, found.certainty, found.title) == ("sdxl", CERTAIN, "My model")
    assert any("stable-diffusion-xl" in reason for reason in found.reasons)


def test_metadata_and_names_that_lie_never_win_over_shapes() -> None:
    found = identify(
        _with("Flux.1 dev", {"modelspec.architecture": "stable-diffusion-v1"}), "sd15-checkpoint.safetensors"
    )
    assert (found.family, found.certainty) == ("flux1", LIKELY)
    assert any("say otherwise" in reason for reason in found.reasons)


def test_weaker_sources_choose_among_what_shapes_leave_open() -> None:
    case = "SD VAE"
    assert identify(_with(case, {}), "sdxl-vae.safetensors").family == "sdxl-vae"
    assert identify(_with(case, {}), "vae.safetensors").certainty == ONE_OF
    record = About(hub="civitai", base_model="SDXL 1.0", name="The VAE")
    found = identify(_with(case, {}), "vae.safetensors", record)
    assert (found.family, found.certainty, found.title) == ("sdxl-vae", LIKELY, "The VAE")


def test_what_trainers_wrote_is_told() -> None:
    made = next(iter(ADAPTERS.values()))[1]
    fields = {
        "ss_network_dim": "16",
        "ss_network_alpha": "8.0",
        "ss_output_name": "style",
        "ss_base_model_version": "sdxl_base_v1-0",
        "ss_tag_frequency": '{"10_art": {"artstyle": 20, "tree": 3}}',
    }
    found = identify(Header("safetensors", 1, made.tensors, fields), "x.safetensors")
    assert (found.alpha, found.title, found.trained_words) == (8.0, "style", ("artstyle",))


@pytest.mark.parametrize("hostile", ["{" * 5000, '{"a": 1}', '{"a": {"b": "c"}}', "9" * 5000, "\ud800"])
def test_hostile_metadata_is_passed_over(hostile: str) -> None:
    fields = {
        "ss_tag_frequency": hostile,
        "ss_network_alpha": hostile,
        "ss_network_dim": hostile,
        "ss_network_args": hostile,
    }
    assert identify(_with("SDXL", fields)).family == "sdxl"


def _quantised(names: Iterable[str], dtype: str) -> str:
    made = ALL["Flux.1 dev"][1]
    packed = {name: Tensor(dtype, tensor.shape) for name, tensor in made.tensors.items()}
    packed |= {name: Tensor("F32", (1,)) for name in names}
    return identify(Header("safetensors", 1, packed)).quantisation


def test_quantisations_are_named() -> None:
    assert _quantised((), "BF16") == ""
    assert _quantised((), "F8_E4M3") == "fp8"
    assert _quantised(("double_blocks.0.img_attn.qkv.scale_weight",), "F8_E4M3") == "fp8-scaled"
    assert _quantised(("double_blocks.0.img_attn.qkv.weight.quant_state.bitsandbytes__nf4",), "U8") == "nf4"


def test_language_models_in_gguf_are_told_by_their_architecture() -> None:
    fields = {"general.architecture": "qwen2", "general.name": "Qwen", "general.file_type": "Q4_K_M"}
    found = identify(Header("gguf", 1, {"token_embd.weight": Tensor("Q4_K", (512, 256))}, fields), "x.gguf")
    assert (found.kind, found.family, found.quantisation, found.title) == ("llm", "qwen2", "Q4_K_M", "Qwen")
    wan = ALL["Wan 14B T2V"][1]
    found = identify(Header("gguf", 1, wan.tensors, {"general.architecture": "wan"}), "x.gguf")
    assert (found.kind, found.family) == ("diffusion_model", "wan-14b-t2v")


def test_kin_are_a_family_and_its_branches() -> None:
    assert kin("flux1", "flux1-fill")
    assert kin("wan2.2-5b", "wan")
    assert not kin("sdxl", "sd15")


def test_a_hubs_kind_is_believed_only_where_the_tensors_say_nothing() -> None:
    stranger = made.header([("nobody.knows.weight", (3, 5))])
    assert identify(stranger, "x.safetensors", About(kind="LoCon")).kind == "lora"
    assert identify(stranger, "x.safetensors", About(kind="Workflows")).kind == "unknown"
    _, flux = MODELS["Flux.1 dev"]
    assert identify(flux, "x.safetensors", About(kind="LORA")).kind == "diffusion_model"


@pytest.mark.parametrize(
    ("metadata", "address"),
    [
        ({"repo_id": "me/model"}, "hf:me/model"),
        ({"repo_id": "me/model/../../x"}, ""),
        ({"repo_id": "https://evil.example/a"}, ""),
        ({"air": "urn:air:sdxl:lora:civitai:1@2", "repo_id": "me/model"}, "urn:air:sdxl:lora:civitai:1@2"),
        ({"source_url": "https://huggingface.co/me/model"}, "https://huggingface.co/me/model"),
        ({"source_url": "http://10.0.0.1/x"}, ""),
        ({"source_url": "file:///etc/passwd"}, ""),
        ({"general.repo_url": "https://huggingface.co/me/gguf"}, "https://huggingface.co/me/gguf"),
        ({"general.source.repo_url": "https://huggingface.co/me/base"}, ""),
        ({"source_url": "https://" + "a" * 400}, ""),
        ({"repo_id": ["a"], "air": None}, ""),
    ],
)
def test_a_header_may_say_where_a_model_can_be_had(metadata: dict[str, object], address: str) -> None:
    assert told_by(metadata).address == address
