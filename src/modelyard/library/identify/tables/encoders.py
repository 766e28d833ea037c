"""Text encoders, language models, and encoders of pictures and sound."""

from modelyard.library.identify.signature import Signature

_TE, _LLM, _CV, _AE = "text_encoder", "llm", "clip_vision", "audio_encoder"
_CLIP = (
    "text_model.encoder.layers.#.mlp.fc1.weight|encoder.layers.#.mlp.fc1.weight|"
    "text_model.text_model.encoder.layers.#.mlp.fc1.weight"
)
_BARE = "encoder.layers.#.mlp.fc1.weight"
_BARE_D = "encoder.layers.#.layer_norm1.weight@0"
_CLIP_D = "text_model.encoder.layers.#.layer_norm1.weight@0"
_OPEN = "resblocks.#.attn.in_proj_weight|transformer.resblocks.#.attn.in_proj_weight"
_OPEN_D = "resblocks.#.ln_1.weight@0"
_OPEN_T = "transformer.resblocks.#.ln_1.weight@0"
_V = "vision_model.encoder.layers.#.layer_norm1.weight"
_T5 = "encoder.block.#.layer.#.SelfAttention.k.weight|block.#.layer.#.SelfAttention.k.weight"
_T5_N = "encoder.block.#.layer.#.layer_norm.weight@0"
_L = (
    "layers.#.post_attention_layernorm.weight|model.layers.#.post_attention_layernorm.weight|"
    "language_model.layers.#.post_attention_layernorm.weight"
)
_FF = "layers.#.post_feedforward_layernorm.weight"
_SCALAR = "layers.#.layer_scalar"
_QN = "layers.#.self_attn.q_norm.weight"
_KB = "layers.#.self_attn.k_proj.bias"
_SINKS = "layers.#.self_attn.sinks"
_HEAD = "lm_head.weight|output.weight|model.lm_head.weight"


def _language(
    family: str, needs: tuple[str, ...], lacks: tuple[str, ...], sizes: dict[str, int], among: tuple[str, ...] = ()
) -> tuple[Signature, ...]:
    """Two rows: with its output layer it is a language model, without it only encodes text."""
    names = ("", "model.", "language_model.")
    rows: list[Signature] = []
    for before in names:
        anchor = f"{before}layers.#.post_attention_layernorm.weight"
        within = {before + place: size for place, size in sizes.items()}
        asked, barred = tuple(before + need for need in needs), tuple(before + lack for lack in lacks)
        rows += [
            Signature(family, anchor, (*asked, _HEAD), barred, within, _LLM, "", among),
            Signature(family, anchor, asked, barred, within, _TE, "", among),
        ]
    return tuple(rows)


_N = "layers.#.post_attention_layernorm.weight@0"

_LINEAR = "layers.#.linear_attn.A_log|language_model.layers.#.linear_attn.A_log"
_QWEN_35 = tuple(
    Signature(f"qwen_3.5_{name}", _LINEAR, (), (), {f"{before}layers.#.input_layernorm.weight@0": width}, _TE)
    for width, name in {1024: "0.8b", 2048: "2b", 2560: "4b", 4096: "9b", 5120: "27b"}.items()
    for before in ("", "language_model.")
)

ROWS = (
    # newer transformers leave the first word out
    Signature("clip_l", _BARE, ("embeddings.token_embedding.weight",), (), {_BARE_D: 768}, _TE),
    Signature("clip_h", _BARE, ("embeddings.token_embedding.weight",), (), {_BARE_D: 1024}, _TE),
    Signature("clip_g", _BARE, ("embeddings.token_embedding.weight",), (), {_BARE_D: 1280}, _TE),
    Signature("siglip", _BARE, ("embeddings.patch_embedding.weight",), (), {_BARE_D: 1152}, _CV),
    Signature("clip_vision_g", _BARE, ("embeddings.patch_embedding.weight",), (), {_BARE_D: 1664}, _CV),
    Signature("clip_vision_h", _BARE, ("embeddings.patch_embedding.weight",), (), {_BARE_D: 1280}, _CV),
    Signature("clip_vision_l", _BARE, ("embeddings.patch_embedding.weight",), (), {_BARE_D: 1024}, _CV),
    # CLIP
    Signature(
        "clip_l",
        _CLIP,
        ("vision_model.encoder.layers.#.layer_norm1.weight",),
        (),
        {_CLIP_D: 768},
        _TE,
        "text and vision",
        ("clip_l", "clip_vision_l"),
    ),
    Signature(
        "clip_g",
        _CLIP,
        ("vision_model.encoder.layers.#.layer_norm1.weight",),
        (),
        {_CLIP_D: 1280},
        _TE,
        "text and vision",
        ("clip_g", "clip_vision_g"),
    ),
    Signature("clip_l", _CLIP, ("text_model.",), ("vision_model.", "visual_projection.weight"), {_CLIP_D: 768}, _TE),
    Signature("clip_h", _CLIP, ("text_model.",), ("vision_model.",), {_CLIP_D: 1024}, _TE),
    Signature("clip_g", _CLIP, ("text_model.",), ("vision_model.",), {_CLIP_D: 1280}, _TE),
    Signature("siglip-text", _CLIP, ("text_model.",), ("vision_model.",), {_CLIP_D: 1152}, _TE),
    Signature("clip_l", _OPEN, (), ("visual.",), {_OPEN_D: 768}, _TE),
    Signature("clip_h", _OPEN, (), ("visual.",), {_OPEN_D: 1024}, _TE),
    Signature("clip_g", _OPEN, (), ("visual.",), {_OPEN_D: 1280}, _TE),
    Signature("clip_l", _OPEN, (), ("visual.",), {_OPEN_T: 768}, _TE),
    Signature("clip_h", _OPEN, (), ("visual.",), {_OPEN_T: 1024}, _TE),
    Signature("clip_g", _OPEN, (), ("visual.",), {_OPEN_T: 1280}, _TE),
    # T5
    Signature("umt5_xxl", _T5, (), (), {_T5_N: 4096, "shared.weight@0": 256384}, _TE),
    Signature("t5xxl", _T5, (), (), {_T5_N: 4096, "shared.weight@0": 32128}, _TE),
    Signature(
        "t5xxl-old",
        _T5,
        ("encoder.block.#.layer.#.DenseReluDense.wi.weight",),
        (),
        {_T5_N: 1024, "encoder.block.#.layer.#.DenseReluDense.wi.weight@0": 65536},
        _TE,
    ),
    Signature("t5xxl", _T5, (), (), {_T5_N: 4096}, _TE, among=("t5xxl", "umt5_xxl")),
    Signature("t5xl", _T5, (), (), {_T5_N: 2048}, _TE),
    Signature("umt5_base", _T5, (), (), {_T5_N: 768, "shared.weight@0": 256384}, _TE),
    Signature("t5base", _T5, (), (), {_T5_N: 768}, _TE),
    Signature("byt5_small", _T5, (), (), {_T5_N: 1472}, _TE),
    Signature("t5-large", _T5, (), (), {_T5_N: 1024}, _TE),
    Signature("t5-small", _T5, (), (), {_T5_N: 512}, _TE),
    Signature("t5-gemma", "encoder.layers.#.pre_self_attn_layernorm.weight", kind=_TE),
    Signature("jina_clip_2", "encoder.layers.#.mixer.Wqkv.weight", kind=_TE),
    # decoder-only models
    Signature(
        "gpt_oss_20b", "layers.#.mlp.experts.gate_up_proj.weight|layers.#.mlp.experts.gate_up_proj", (_SINKS,), kind=_TE
    ),
    *_language("gemma_2_2b", (_FF,), (_QN,), {_N: 2304}),
    *_language("gemma_2_9b", (_FF,), (_QN,), {_N: 3584}),
    *_language("gemma_2_27b", (_FF,), (_QN,), {_N: 4608}),
    *_language("gemma_4_e2b", (_FF, _SCALAR), (), {_N: 1536}),
    *_language("gemma_4_e4b", (_FF, _SCALAR), (), {_N: 2560}),
    *_language("gemma_4_12b", (_FF, _SCALAR), (), {_N: 3840}),
    *_language("gemma_4_31b", (_FF, _SCALAR), (), {_N: 5376}),
    *_language("gemma_3_12b", (_FF, _QN), (_SCALAR,), {_N: 3840}),
    *_language("gemma_3_4b", (_FF, _QN), (_SCALAR,), {_N: 2560}),
    *_language("gemma_3_1b", (_FF, _QN), (_SCALAR,), {_N: 1152}),
    *_language("gemma_3_270m", (_FF, _QN), (_SCALAR,), {_N: 640}),
    *_language("gemma_3_27b", (_FF, _QN), (_SCALAR,), {_N: 5376}),
    Signature("qwen_2.5_vl_7b", _L, ("visual.blocks.#.attn.qkv.weight", _HEAD), (), {_KB + "@0": 512, _N: 3584}, _LLM),
    Signature("qwen_2.5_vl_7b", _L, ("visual.",), (), {_KB + "@0": 512, _N: 3584}, _TE),
    Signature("qwen_2.5_vl_7b", _L, ("visual.",), (), {"model." + _KB + "@0": 512}, _TE),
    Signature("qwen_2.5_vl_3b", _L, ("visual.",), (), {_KB + "@0": 256, _N: 2048}, _TE),
    Signature("qwen_2.5_vl_3b", _L, ("visual.",), (), {"model." + _KB + "@0": 256}, _TE),
    *_language("qwen_2.5_7b", (_KB,), (), {_KB + "@0": 512, _N: 3584}, ("qwen_2.5_7b", "qwen_2.5_vl_7b")),
    *_language("qwen_2.5_3b", (_KB,), (), {_KB + "@0": 256, _N: 2048}, ("qwen_2.5_vl_3b", "qwen_2.5_3b")),
    *_language("qwen_2.5_1.5b", (_KB,), (), {_KB + "@0": 256, _N: 1536}),
    *_language("qwen_2.5_0.5b", (_KB,), (), {_KB + "@0": 128, _N: 896}),
    Signature("qwen_3_vl_4b", _L, ("visual.deepstack_merger_list.",), (), {_N: 2560}, _TE),
    Signature("qwen_3_vl_8b", _L, ("visual.deepstack_merger_list.",), (), {_N: 4096}, _TE),
    Signature("qwen_3_vl_32b", _L, ("visual.deepstack_merger_list.",), (), {_N: 5120}, _TE),
    Signature("qwen_3_vl_4b", _L, ("visual.deepstack_merger_list.",), (), {"language_model." + _N: 2560}, _TE),
    Signature("qwen_3_vl_8b", _L, ("visual.deepstack_merger_list.",), (), {"language_model." + _N: 4096}, _TE),
    *_QWEN_35,
    *_language("qwen_3_4b", (_QN,), (_FF,), {_N: 2560}),
    *_language("qwen_3_8b", (_QN,), (_FF,), {_N: 4096}),
    *_language("qwen_3_2b", (_QN,), (_FF,), {_N: 2048}),
    *_language("qwen_3_0.6b", (_QN,), (_FF,), {_N: 1024}),
    *_language("qwen_3_14b", (_QN,), (_FF,), {_N: 5120}),
    *_language("gemma_2b", (), (_QN, _KB, _FF), {_N: 2048, "layers.#.self_attn.k_proj.weight@0": 256}),
    *_language("mistral_3_small", (), (_QN, _KB, _FF), {_N: 5120, "layers.#.self_attn.k_proj.weight@0": 1024}),
    *_language("llama2_13b", (), (_QN, _KB, _FF), {_N: 5120, "layers.#.self_attn.k_proj.weight@0": 5120}),
    *_language("llama2_7b", (), (_QN, _KB, _FF), {_N: 4096, "layers.#.self_attn.k_proj.weight@0": 4096}),
    *_language("ministral_3_3b", (), (_QN, _KB, _FF), {_N: 3072, "layers.#.mlp.gate_proj.weight@0": 9216}),
    *_language("llama3.2_3b", (), (_QN, _KB, _FF), {_N: 3072, "layers.#.mlp.gate_proj.weight@0": 8192}),
    *_language("llama3.2_1b", (), (_QN, _KB, _FF), {_N: 2048, "layers.#.mlp.gate_proj.weight@0": 8192}),
    *_language("llama3_70b", (), (_QN, _KB, _FF), {_N: 8192, "layers.#.mlp.gate_proj.weight@0": 28672}),
    *_language("llama3_8b", (), (_QN, _KB, _FF), {_N: 4096, "embed_tokens.weight@0": 128256}),
    *_language("llama3_8b", (), (_QN, _KB, _FF), {_N: 4096, "embed_tokens.weight@0": 128320}),
    *_language(
        "mistral_7b",
        (),
        (_QN, _KB, _FF),
        {_N: 4096, "embed_tokens.weight@0": 32000, "layers.#.mlp.gate_proj.weight@0": 14336},
    ),
    *_language(
        "mistral_7b",
        (),
        (_QN, _KB, _FF),
        {_N: 4096, "embed_tokens.weight@0": 32768, "layers.#.mlp.gate_proj.weight@0": 14336},
    ),
    Signature(
        "llama3_8b",
        _L,
        ("layers.#.self_attn.q_proj.weight",),
        (_QN, _KB, _FF),
        {_N: 4096, "layers.#.mlp.gate_proj.weight@0": 14336},
        _TE,
        among=("llama3_8b", "mistral_7b"),
    ),
    # pictures and sound
    Signature("siglip", _V, (), ("text_model.",), {_V + "@0": 1152}, _CV),
    Signature("clip_vision_g", _V, (), ("text_model.",), {_V + "@0": 1664}, _CV),
    Signature("clip_vision_h", _V, (), ("text_model.",), {_V + "@0": 1280}, _CV),
    Signature("clip_vision_l", _V, (), ("text_model.",), {_V + "@0": 1024}, _CV),
    Signature("clip_vision_b", _V, (), ("text_model.",), {_V + "@0": 768}, _CV),
    Signature(
        "clip_vision_h",
        "visual.resblocks.#.ln_1.weight|visual.transformer.resblocks.#.ln_1.weight",
        (),
        (),
        {"visual.transformer.resblocks.#.ln_1.weight@0": 1280},
        _CV,
    ),
    Signature(
        "clip_vision_g",
        "visual.transformer.resblocks.#.ln_1.weight",
        (),
        (),
        {"visual.transformer.resblocks.#.ln_1.weight@0": 1664},
        _CV,
    ),
    Signature(
        "clip_vision_l",
        "visual.transformer.resblocks.#.ln_1.weight",
        (),
        (),
        {"visual.transformer.resblocks.#.ln_1.weight@0": 1024},
        _CV,
    ),
    Signature(
        "depth-anything-3",
        "backbone.encoder.layer.#.norm1.weight|backbone.encoder.layer.#.layer_scale1.lambda1",
        kind="depth_estimation",
    ),
    Signature(
        "dinov2_giant",
        "encoder.layer.#.layer_scale1.lambda1",
        (),
        (),
        {"encoder.layer.#.layer_scale1.lambda1@0": 1536},
        _CV,
    ),
    Signature(
        "dinov2_large",
        "encoder.layer.#.layer_scale1.lambda1",
        (),
        (),
        {"encoder.layer.#.layer_scale1.lambda1@0": 1024},
        _CV,
    ),
    Signature(
        "dinov2_base",
        "encoder.layer.#.layer_scale1.lambda1",
        (),
        (),
        {"encoder.layer.#.layer_scale1.lambda1@0": 768},
        _CV,
    ),
    Signature(
        "dinov2_small",
        "encoder.layer.#.layer_scale1.lambda1",
        (),
        (),
        {"encoder.layer.#.layer_scale1.lambda1@0": 384},
        _CV,
    ),
    Signature("dinov3", "layer.#.layer_scale1.lambda1", kind=_CV),
    Signature(
        "wav2vec2",
        "encoder.layers.#.attention.k_proj.weight|wav2vec2.encoder.layers.#.attention.k_proj.weight",
        ("feature_extractor.|wav2vec2.feature_extractor.",),
        kind=_AE,
    ),
    Signature(
        "whisper",
        "encoder.layers.#.self_attn.k_proj.weight",
        ("decoder.layers.#.encoder_attn.k_proj.weight",),
        kind=_AE,
    ),
    Signature(
        "whisper",
        "encoder.layers.#.self_attn.k_proj.weight",
        ("encoder.conv1.weight|encoder.conv2.weight",),
        ("decoder.layers.#.mlp.gate_proj.weight",),
        kind=_AE,
    ),
    Signature("bert", "encoder.layer.#.attention.self.query.weight", ("embeddings.",), kind=_TE),
)
