"""Models of double and single stream blocks: Flux, Chroma, Flux.2, Hunyuan Video and Image, Hunyuan3D."""

from modelyard.library.identify.signature import Signature

_QKV = "double_blocks.#.img_attn.qkv.weight|double_blocks.#.img_attn_qkv.weight"
_WIDE = "double_blocks.#.img_attn.qkv.weight@1"
_PROJ = "double_blocks.#.img_attn.proj.bias@0"
_REFINER = "txt_in.individual_token_refiner.blocks.#.norm1.weight"
_MOD = "double_blocks.#.img_mod.lin.weight|double_blocks.#.img_mod.linear.weight"
_GUIDED = "guidance_in."
_GLOBAL_MOD = (
    "double_stream_modulation_img.lin.weight|double_stream_modulation_txt.lin.weight|"
    "single_stream_modulation.lin.weight"
)
_SINGLE = "single_transformer_blocks.#.proj_mlp.weight|single_transformer_blocks.#.norm.linear.weight"
_D = "diffusers_transformer"
_NUNCHAKU = "transformer_blocks.#.qkv_proj_context.qweight|single_transformer_blocks.#.qkv_proj.qweight"

ROWS = (
    Signature(
        "hunyuan-video-1.5",
        "context_embedder.token_refiner.refiner_blocks.#.attn.to_q.weight",
        (),
        (),
        {"context_embedder.token_refiner.refiner_blocks.#.attn.to_q.weight@0": 2048},
        _D,
    ),
    Signature("hunyuan-image-2.1", _QKV, (_REFINER,), sizes={_WIDE: 3584}),
    Signature("hunyuan-image-2.1-refiner", _QKV, (_REFINER,), sizes={_WIDE: 3328}),
    Signature("hunyuan-video-1.5", _QKV, (_REFINER,), sizes={_WIDE: 2048}),
    Signature("hunyuan-video-i2v", _QKV, (_REFINER,), sizes={"img_in.proj.weight@1": 33}),
    Signature("hunyuan-video-skyreels-i2v", _QKV, (_REFINER,), sizes={"img_in.proj.weight@1": 32}),
    Signature("hunyuan-video", _QKV, (_REFINER,), sizes={"img_in.proj.weight@1": 16}),
    Signature(
        "hunyuan-video", _QKV, (_REFINER,), among=("hunyuan-video", "hunyuan-video-i2v", "hunyuan-video-skyreels-i2v")
    ),
    Signature("chroma-radiance", _QKV, ("distilled_guidance_layer.", "nerf_blocks.|nerf_image_embedder.")),
    Signature("chroma", _QKV, ("distilled_guidance_layer.",), ("nerf_blocks.",)),
    Signature("flux2", _QKV, (_GLOBAL_MOD,), sizes={_WIDE: 6144}),
    Signature("flux2-klein-9b", _QKV, (_GLOBAL_MOD,), sizes={_WIDE: 4096}),
    Signature("flux2-klein-4b", _QKV, (_GLOBAL_MOD,), sizes={_WIDE: 3072}),
    Signature("flux2", _QKV, (_GLOBAL_MOD,), among=("flux2", "flux2-klein-9b", "flux2-klein-4b")),
    Signature("flux2", _QKV, (), (_MOD,), {"double_blocks.#.img_attn.qkv.weight@1": 6144}),
    Signature("hunyuan3d-2", _QKV, (_MOD,), sizes={_WIDE: 1024}),
    Signature("hunyuan3d-2", _QKV, ("latent_in.weight|cond_in.weight",)),
    Signature("ovis-image", _QKV, ("double_blocks.#.img_mlp.gate_proj.weight",)),
    Signature("longcat-image", _QKV, (_MOD,), ("vector_in.",), {"txt_in.weight@1": 3584}),
    Signature("flux1-fill", _QKV, (_MOD,), sizes={"img_in.weight@1": 384}),
    Signature("flux1-canny", _QKV, (_MOD,), sizes={"img_in.weight@1": 128}, among=("flux1-canny", "flux1-depth")),
    Signature("flux1", _QKV, (_MOD, _GUIDED), sizes={"img_in.weight@1": 64}),
    Signature("flux1-schnell", _QKV, (_MOD,), (_GUIDED,), {"img_in.weight@1": 64}),
    Signature(
        "flux1", _QKV, (_MOD, _GUIDED), sizes={_PROJ: 3072}, among=("flux1", "flux1-fill", "flux1-canny", "flux1-depth")
    ),
    Signature(
        "flux1", _QKV, (_MOD,), sizes={_PROJ: 3072}, among=("flux1-schnell", "flux1", "flux1-fill", "flux1-canny")
    ),
    # diffusers
    Signature(
        "hunyuan-image-2.1", _SINGLE, ("context_embedder.token_refiner.",), (), {"x_embedder.proj.weight@n": 4}, _D
    ),
    Signature("framepack", _SINGLE, ("context_embedder.token_refiner.", "clean_x_embedder."), kind=_D),
    Signature(
        "hunyuan-video-i2v", _SINGLE, ("context_embedder.token_refiner.",), (), {"x_embedder.proj.weight@1": 33}, _D
    ),
    Signature("hunyuan-video", _SINGLE, ("context_embedder.token_refiner.",), (), {"x_embedder.proj.weight@1": 16}, _D),
    Signature(
        "hunyuan-video",
        _SINGLE,
        ("context_embedder.token_refiner.",),
        kind=_D,
        among=("hunyuan-video", "hunyuan-video-i2v"),
    ),
    Signature("chroma", _SINGLE, ("distilled_guidance_layer.",), kind=_D),
    Signature("chroma", "single_transformer_blocks.#.proj_mlp.weight", ("distilled_guidance_layer.",), kind=_D),
    Signature("auraflow", "joint_transformer_blocks.#.attn.add_q_proj.weight", kind=_D),
    Signature(
        "flux2",
        "single_transformer_blocks.#.attn.to_qkv_mlp_proj.weight",
        (),
        (),
        {"single_transformer_blocks.#.attn.to_qkv_mlp_proj.weight@1": 6144},
        _D,
    ),
    Signature(
        "flux2-klein-9b",
        "single_transformer_blocks.#.attn.to_qkv_mlp_proj.weight",
        (),
        (),
        {"single_transformer_blocks.#.attn.to_qkv_mlp_proj.weight@1": 4096},
        _D,
    ),
    Signature(
        "flux2-klein-4b",
        "single_transformer_blocks.#.attn.to_qkv_mlp_proj.weight",
        (),
        (),
        {"single_transformer_blocks.#.attn.to_qkv_mlp_proj.weight@1": 3072},
        _D,
    ),
    Signature("ovis-image", _SINGLE, ("context_embedder_norm.weight",), kind=_D),
    Signature("longcat-image", _SINGLE, (), ("time_text_embed.",), {"context_embedder.weight@1": 3584}, _D),
    Signature("bria-fibo", _SINGLE, ("caption_projection.#.linear.weight",), kind=_D),
    Signature("bria", _SINGLE, (), ("time_text_embed.",), {"context_embedder.weight@1": 4096}, _D),
    Signature("flux1-fill", _SINGLE, ("time_text_embed.",), (), {"x_embedder.weight@1": 384}, _D),
    Signature(
        "flux1-canny",
        _SINGLE,
        ("time_text_embed.",),
        (),
        {"x_embedder.weight@1": 128},
        _D,
        among=("flux1-canny", "flux1-depth"),
    ),
    Signature("flux1", _SINGLE, ("time_text_embed.guidance_embedder.",), (), {"x_embedder.weight@1": 64}, _D),
    Signature(
        "flux1-schnell",
        _SINGLE,
        ("time_text_embed.",),
        ("time_text_embed.guidance_embedder.",),
        {"x_embedder.weight@1": 64},
        _D,
    ),
    Signature(
        "flux1",
        _SINGLE,
        ("time_text_embed.",),
        ("x_embedder.proj.weight",),
        kind=_D,
        among=("flux1", "flux1-schnell", "flux1-fill"),
    ),
    # packed by SVDQuant
    Signature("flux1-fill", _NUNCHAKU, ("time_text_embed.",), (), {"x_embedder.weight@1": 384}),
    Signature(
        "flux1-canny",
        _NUNCHAKU,
        ("time_text_embed.",),
        (),
        {"x_embedder.weight@1": 128},
        among=("flux1-canny", "flux1-depth"),
    ),
    Signature("flux1", _NUNCHAKU, ("time_text_embed.guidance_embedder.",)),
    Signature("flux1-schnell", _NUNCHAKU, ("time_text_embed.",), ("time_text_embed.guidance_embedder.",)),
)
