"""What steers another model: ControlNets, adapters, embeddings, style and face models; before what they copy."""

from modelyard.library.identify.signature import Signature

_CN, _T2I, _IP = "controlnet", "t2i_adapter", "ip_adapter"
_K = "input_blocks.#.#.transformer_blocks.#.attn2.to_k.weight"
_ZERO = "zero_convs.#.#.weight"
_MK = "middle_block.#.transformer_blocks.#.attn2.to_k.weight@1"
_DK = "mid_block.attentions.#.transformer_blocks.#.attn2.to_k.weight@1"
_DOWN = "controlnet_down_blocks.#.weight"
_HINT = "input_hint_block.#.weight"
_BLOCKS = "controlnet_blocks.#.weight"
_UNION = "control_add_embedding.|task_embedding|transformer_layers."
_IPK = "ip_adapter.#.to_k_ip.weight"
_FLUX_IP = "double_blocks.#.processor.ip_adapter_double_stream_k_proj.weight"


def _control(family: str, width: int) -> tuple[Signature, ...]:
    """Rows of one UNet family: union first, LDM names, a prefix of LDM checkpoints, diffusers names."""
    return (
        Signature(family, _DOWN, (_UNION,), (), {_DK: width}, _CN, "union"),
        Signature(family, _ZERO, (_UNION,), (), {_MK: width}, _CN, "union"),
        Signature(family, _ZERO, (), (), {_MK: width}, _CN),
        Signature(family, "control_model." + _ZERO, (), (), {"control_model." + _MK: width}, _CN),
        Signature(family, _DOWN, (), (), {_DK: width}, _CN),
    )


ROWS = (
    Signature("cosmos", "control_blocks.#.attn1.to_q.weight", kind=_CN),
    Signature("sdxl", "lora_controlnet", (), (), {"label_emb.0.0.down@1": 2816}, _CN, "control-lora"),
    Signature(
        "sdxl",
        "input_blocks.#.#.transformer_blocks.#.attn2.to_k.down|input_blocks.#.#.transformer_blocks.#.attn2.to_k.up",
        ("lora_controlnet|zero_convs.|input_hint_block.",),
        (),
        {"middle_block.#.transformer_blocks.#.attn2.to_k.down@1": 2048},
        _CN,
        "control-lora",
    ),
    Signature(
        "sd15",
        "input_blocks.#.#.transformer_blocks.#.attn2.to_k.down",
        ("lora_controlnet|zero_convs.|input_hint_block.",),
        (),
        {"middle_block.#.transformer_blocks.#.attn2.to_k.down@1": 768},
        _CN,
        "control-lora",
    ),
    *_control("sd15", 768),
    *_control("sd21", 1024),
    *_control("sdxl", 2048),
    Signature("sdxl", _DOWN, ("add_embedding.",), kind=_CN),
    Signature(
        "sdxl", "controlnet_down_blocks.#.weight", ("controlnet.|control_model.",), kind=_CN, among=("sdxl", "sd15")
    ),
    Signature(
        "sdxl",
        "control_model.down_blocks.#.attentions.#.transformer_blocks.#.attn2.to_k.weight|"
        "control_model.input_blocks.#.#.transformer_blocks.#.attn2.to_k.weight",
        (),
        (),
        {"control_model.middle_block.#.transformer_blocks.#.attn2.to_k.weight@1": 2048},
        _CN,
    ),
    # transformers
    Signature(
        "flux1",
        _BLOCKS,
        (
            "transformer_blocks.#.attn.add_q_proj.weight",
            "controlnet_x_embedder.|controlnet_single_blocks.|single_transformer_blocks.",
            "controlnet_mode_embedder.|union.",
        ),
        (),
        None,
        _CN,
        "union",
    ),
    Signature(
        "qwen-image",
        _BLOCKS,
        ("transformer_blocks.#.img_mod.#.weight|transformer_blocks.#.img_mlp.net.#.weight",),
        kind=_CN,
    ),
    Signature(
        "flux1",
        _BLOCKS,
        ("controlnet_x_embedder.|controlnet_single_blocks.|single_transformer_blocks.",),
        (),
        {"transformer_blocks.#.attn.to_q.weight@0": 3072},
        _CN,
    ),
    Signature("flux1", _BLOCKS, ("double_blocks.",), kind=_CN),
    Signature(
        "sd3.5-large", _BLOCKS, ("pos_embed_input.",), (), {"transformer_blocks.#.attn.to_q.weight@0": 2432}, _CN
    ),
    Signature("sd3-medium", _BLOCKS, ("pos_embed_input.",), (), {"transformer_blocks.#.attn.to_q.weight@0": 1536}, _CN),
    Signature(
        "sd3.5-large",
        "controlnet_blocks.#.weight|transformer_blocks.#.adaLN_modulation.#.weight",
        ("controlnet_blocks.#.weight",),
        (),
        {_BLOCKS + "@0": 2432},
        _CN,
    ),
    Signature(
        "hunyuan-dit",
        _BLOCKS,
        ("blocks.#.attn1.to_q.weight|blocks.#.attn1.Wqkv.weight", "input_block.|blocks.#.attn2.to_q.weight"),
        kind=_CN,
    ),
    Signature("sana", _BLOCKS, ("transformer_blocks.#.ff.conv_inverted.weight",), kind=_CN),
    Signature(
        "pixart-alpha",
        "controlnet.#.before_proj.weight|controlnet.#.after_proj.weight|controlnet_blocks.#.after_proj.weight",
        kind=_CN,
    ),
    Signature("unknown", _BLOCKS, kind=_CN),
    Signature(
        "z-image",
        "control_layers.#.attention.qkv.weight|control_layers.#.attention.to_q.weight|"
        "control_layers.#.after_proj.weight",
        kind=_CN,
    ),
    Signature("wan", "controlnet_blocks.#.attn1.to_q.weight", kind=_CN),
    Signature(
        "sparsectrl",
        "controlnet_cond_embedding.weight",
        (
            "down_blocks.#.motion_modules.#.transformer_blocks.#.attn1.to_q.weight|"
            "down_blocks.#.motion_modules.#.temporal_transformer.proj_in.weight",
        ),
        kind=_CN,
    ),
    # T2I adapters
    Signature(
        "sdxl",
        "body.#.block1.weight|adapter.body.#.resnets.#.block1.weight",
        ("adapter.conv_in.weight",),
        (),
        {"adapter.conv_in.weight@1": 768},
        _T2I,
    ),
    Signature("sd15", "adapter.body.#.resnets.#.block1.weight", (), (), {"adapter.conv_in.weight@1": (192, 64)}, _T2I),
    Signature("sdxl", "adapter.body.#.resnets.#.block1.weight", (), (), {"adapter.conv_in.weight@1": (768, 256)}, _T2I),
    Signature("sd15", "adapter.body.#.resnets.#.block1.weight", kind=_T2I, among=("sd15", "sdxl")),
    Signature("sd15", "body.#.block1.weight", ("conv_in.weight",), (), {"conv_in.weight@1": (192, 64)}, _T2I),
    Signature("sdxl", "body.#.block1.weight", ("conv_in.weight",), (), {"conv_in.weight@1": (768, 256)}, _T2I),
    Signature(
        "sd15", "body.#.block1.weight", ("body.#.in_conv.weight|conv_in.weight",), kind=_T2I, among=("sd15", "sdxl")
    ),
    Signature("sd15", "adapter.body.#.#.resnets.#.block1.weight", kind=_T2I, among=("sd15", "sdxl")),
    Signature("sd15", "body.#.resnets.#.block1.weight", kind=_T2I, among=("sd15", "sdxl")),
    Signature("sd15", "body.#.body.#.block1.weight", kind=_T2I, among=("sd15", "sdxl")),
    # IP-Adapters
    Signature("flux1", _FLUX_IP + "|ip_adapter_proj_model.proj.weight", kind=_IP),
    Signature("flux1", "ip_adapter.#.to_k_ip.weight", (), (), {_IPK + "@0": 3072}, _IP),
    Signature("flux1", "blocks.#.attn.to_k_ip.weight|0.to_k_ip.weight", kind=_IP),
    Signature("sd15", _IPK, (), (), {_IPK + "@1": 768}, _IP),
    Signature("sd21", _IPK, (), (), {_IPK + "@1": 1024}, _IP),
    Signature("sdxl", _IPK, (), (), {_IPK + "@1": 2048}, _IP),
    Signature("sd3.5-large", _IPK, (), (), {_IPK + "@0": 2432}, _IP),
    Signature("unknown", _IPK, kind=_IP),
    Signature("sdxl", "image_proj.latents", ("ip_adapter.",), kind=_IP, among=("sdxl", "sd15")),
    # the small ones
    Signature("sdxl", "clip_l", ("clip_g",), (), None, "embedding"),
    Signature("sd15", "emb_params", (), (), {"emb_params@1": 768}, "embedding"),
    Signature("sd21", "emb_params", (), (), {"emb_params@1": 1024}, "embedding"),
    Signature("sdxl", "emb_params", (), (), {"emb_params@1": 1280}, "embedding"),
    Signature("flux1", "emb_params", (), (), {"emb_params@1": 4096}, "embedding", "", ("flux1", "sd3-medium")),
    Signature("sd15", "string_to_param.*", (), (), {"string_to_param.*@1": 768}, "embedding"),
    Signature("sd21", "string_to_param.*", (), (), {"string_to_param.*@1": 1024}, "embedding"),
    Signature("sdxl", "string_to_param.*", (), (), {"string_to_param.*@1": 1280}, "embedding"),
    Signature(
        "sd15", "clip_l", (), ("clip_g", "t5xxl"), {"clip_l@1": 768}, "embedding", among=("sd15", "sdxl", "flux1")
    ),
    Signature("flux1", "redux_down.weight|redux_up.weight", kind="style_model"),
    Signature("sd15", "style_embedding", kind="style_model"),
    Signature(
        "sdxl",
        "position_net.linears.#.weight",
        ("position_net.|fuser.",),
        (),
        {"input_blocks.#.#.transformer_blocks.#.fuser.attn.to_k.weight@1": 2048},
        "gligen",
    ),
    Signature("sd15", "position_net.linears.#.weight", kind="gligen", among=("sd15", "sd21", "sdxl")),
    Signature(
        "sdxl",
        "id_encoder.vision_model.encoder.layers.#.layer_norm1.weight|"
        "id_encoder.vision_model.encoder.layers.#.mlp.fc1.weight|id_encoder.fuse_module.mlp1.fc1.weight",
        kind="photomaker",
    ),
    Signature(
        "flux1", "pulid_ca.#.to_q.weight|pulid_encoder.layers.#.#.to_q.weight", kind="pulid", among=("flux1", "sdxl")
    ),
    Signature("wan2.1-14b-i2v", "blocks.#.audio_cross_attn.q_linear.weight", kind="model_patch"),
    Signature("qwen-image", "transformer_blocks.#.controlnet_block.weight", kind="model_patch"),
    Signature(
        "qwen-image",
        "blocks.#.proj_c.weight|controlnet_blocks.#.x_rms.weight|controlnet_blocks.#.y_rms.weight",
        kind="model_patch",
    ),
    Signature("qwen-image", "controlnet_blocks.#.y_rms.weight", kind="model_patch"),
)
