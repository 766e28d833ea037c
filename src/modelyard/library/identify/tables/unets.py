"""UNets of Stable Diffusion and its kin, as LDM and as diffusers name them."""

from modelyard.library.identify.signature import Signature

_A = "input_blocks.#.#.transformer_blocks.#.attn2.to_k.weight"
_M = "middle_block.#.transformer_blocks.#.attn2.to_k.weight"
_C = _M + "@1"
_IN = "input_blocks.0.0.weight@1"
_U = "up_blocks.#.attentions.#.transformer_blocks.#.attn2.to_k.weight"
_DM = "mid_block.attentions.#.transformer_blocks.#.attn2.to_k.weight"
_DC = _DM + "@1"
_DIN = "conv_in.weight@1"
_D = "diffusers_unet"
_TEMPORAL = "up_blocks.#.attentions.#.temporal_transformer_blocks.#.attn1.to_q.weight"
_DEEP = tuple(range(5, 11))
_SMALL = ("sdxl", "ssd-1b", "segmind-vega")


def _variants(family: str, width: int, names: dict[int, str], inner: int = 1280) -> tuple[Signature, ...]:
    """Rows of one LDM family: input channels tell the variant, and without the first layer the family stays."""
    sizes = {_C: width, _M + "@0": inner} | ({_M + "@count": _DEEP} if family == "sdxl" else {})
    special = tuple(Signature(family, _A, sizes=sizes | {_IN: n}, variant=name) for n, name in names.items())
    return (*special, Signature(family, _A, sizes=sizes))


def _diffusers(family: str, width: int, names: dict[int, str], inner: int = 1280) -> tuple[Signature, ...]:
    sizes = {_DC: width, _DM + "@0": inner} | ({_DM + "@count": _DEEP} if family == "sdxl" else {})
    special = tuple(Signature(family, _U, (), (), sizes | {_DIN: n}, _D, name) for n, name in names.items())
    return (*special, Signature(family, _U, sizes=sizes, kind=_D))


ROWS = (
    Signature(
        "svd", "input_blocks.#.#.time_stack.#.attn1.to_q.weight|input_blocks.#.#.time_mix_blocks.#.attn1.to_q.weight"
    ),
    Signature("svd", _TEMPORAL, kind=_D),
    Signature(
        "i2vgen-xl",
        _U,
        ("up_blocks.#.temp_attentions.#.transformer_blocks.#.attn1.to_q.weight", "image_latents_proj_in."),
        kind=_D,
    ),
    Signature("modelscope-t2v", _U, ("up_blocks.#.temp_attentions.#.transformer_blocks.#.attn1.to_q.weight",), kind=_D),
    Signature(
        "animatediff",
        "down_blocks.#.motion_modules.#.temporal_transformer.transformer_blocks.#.attention_blocks.#.to_q.weight|"
        "down_blocks.#.motion_modules.#.transformer_blocks.#.attn1.to_q.weight",
        (),
        (_U,),
        kind="motion_module",
    ),
    Signature("animatediff", _U, ("up_blocks.#.motion_modules.#.transformer_blocks.#.attn1.to_q.weight",), kind=_D),
    Signature("stable-zero123", _A, ("cc_projection.",)),
    Signature("sd-x4-upscaler", _A, sizes={_C: 1024, _IN: 7}),
    *_variants("sd15", 768, {9: "inpainting", 8: "instruct-pix2pix"}),
    *_variants("sd21", 1024, {9: "inpainting", 5: "depth", 8: "image-variations"}),
    Signature("kolors", _A, sizes={_C: 2048, "label_emb.0.0.weight@1": 5632}),
    *_variants("sdxl", 2048, {9: "inpainting", 8: "instruct-pix2pix"}),
    *_variants("sdxl-refiner", 1280, {}, 1536),
    Signature("sdxl", _A, sizes={_A + "@1": 2048}, among=_SMALL),
    Signature("kolors", _U, ("encoder_hid_proj.",), (), {_DC: 2048}, _D),
    Signature("sd-x4-upscaler", _U, (), (), {_DC: 1024, _DIN: 7}, _D),
    *_diffusers("sd15", 768, {9: "inpainting", 8: "instruct-pix2pix"}),
    *_diffusers("sd21", 1024, {9: "inpainting", 5: "depth"}),
    *_diffusers("sdxl", 2048, {9: "inpainting", 8: "instruct-pix2pix"}),
    *_diffusers("sdxl-refiner", 1280, {}, 1536),
    Signature("sdxl", _U, sizes={_U + "@1": 2048, _U + "@0": (320, 640, 1280)}, kind=_D, among=_SMALL),
    Signature("deepfloyd-if", "up_blocks.#.attentions.#.add_k_proj.weight", ("encoder_hid_proj.",), kind=_D),
    Signature("kandinsky2", "up_blocks.#.attentions.#.add_k_proj.weight", kind=_D),
)
