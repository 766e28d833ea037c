"""Image transformers that are not of the Flux kind."""

from modelyard.library.identify.signature import Signature

_D = "diffusers_transformer"
_SD3 = "joint_blocks.#.x_block.attn.qkv.weight"
_SD3D = "transformer_blocks.#.attn.add_q_proj.weight"
_CONTEXT = "transformer_blocks.#.norm1_context.linear.weight"
_SINGLES = ("single_transformer_blocks.#.attn.to_q.weight", "single_transformer_blocks.#.norm.linear.weight")
_QWEN = "transformer_blocks.#.img_mod.#.weight"
_Z = "layers.#.attention.qkv.weight"
_ZD = "layers.#.attention.to_q.weight"
_TABLE = "transformer_blocks.#.scale_shift_table"
_PIXART = "transformer_blocks.#.attn1.to_q.weight@0"

ROWS = (
    Signature("nucleus-image", "transformer_blocks.#.img_mlp.experts.gate_up_proj", kind=_D),
    Signature("ideogram4", "layers.#.attention.to_q.weight", ("embed_image_indicator.weight|llm_cond_proj.",), kind=_D),
    Signature("krea2", "text_fusion.layerwise_blocks.#.attn.to_q.weight", kind=_D),
    Signature("flux3", "mode_blocks.image.#.attn.to_q.weight", kind=_D),
    Signature("prx", "blocks.#.attention.img_qkv_proj.weight", kind=_D),
    Signature("sd3.5-medium", _SD3, ("joint_blocks.#.x_block.attn2.qkv.weight",)),
    Signature("sd3.5-large", _SD3, (), (), {_SD3 + "@1": 2432}),
    Signature("sd3-medium", _SD3, (), (), {_SD3 + "@1": 1536}),
    Signature("sd3.5-medium", _SD3D, (_CONTEXT, "transformer_blocks.#.attn2.to_q.weight"), _SINGLES, kind=_D),
    Signature("sd3.5-large", _SD3D, (_CONTEXT,), _SINGLES, {"transformer_blocks.#.attn.to_q.weight@1": 2432}, _D),
    Signature("sd3-medium", _SD3D, (_CONTEXT,), _SINGLES, {"transformer_blocks.#.attn.to_q.weight@1": 1536}, _D),
    Signature("qwen-image-layered", _QWEN, ("time_text_embed.addition_t_embedding.weight",)),
    Signature("mage-flow", _QWEN, (), (), {"txt_norm.weight@0": 2560}),
    Signature("lens", "transformer_blocks.#.img_mlp.w1.weight", ("transformer_blocks.#.attn.norm_added_q.weight",)),
    Signature("qwen-image", _QWEN, (), (), {"transformer_blocks.#.attn.norm_added_q.weight@0": 128}),
    Signature("qwen-image", "transformer_blocks.#.img_mod.#.qweight|transformer_blocks.#.img_mlp.net.#.qweight"),
    Signature(
        "qwen-image-2.1",
        "transformer_blocks.#.img_mlp.gate_up.weight|transformer_blocks.#.img_mlp.proj.weight",
        ("txt_in.text_norm.weight|modulation.#.weight",),
    ),
    Signature("z-image-pixel", _Z, ("dec_net.",), (), {_Z + "@1": 3840}),
    Signature("z-image", _Z, ("noise_refiner.#.attention.qkv.weight",), (), {_Z + "@1": 3840}),
    Signature("newbie", _Z, ("clip_text_pooled_proj.",), (), {_Z + "@1": 2304}),
    Signature("lumina2", _Z, ("noise_refiner.#.attention.qkv.weight",), (), {_Z + "@1": 2304}),
    Signature("z-image", _ZD, ("noise_refiner.#.attention.to_q.weight",), (), {_ZD + "@1": 3840}, _D),
    Signature(
        "lumina2",
        "layers.#.attn.to_q.weight",
        ("noise_refiner.#.attn.to_q.weight", "time_caption_embed."),
        ("ref_image_refiner.",),
        {"layers.#.attn.to_q.weight@1": 2304},
        _D,
    ),
    Signature("boogu", "double_stream_layers.#.img_instruct_attn.processor.img_to_q.weight"),
    Signature(
        "omnigen2",
        "layers.#.attn.to_q.weight",
        ("noise_refiner.#.attn.to_q.weight",),
        (),
        {"layers.#.attn.to_q.weight@1": 2520},
    ),
    Signature("omnigen2", "layers.#.attn.to_q.weight", ("ref_image_refiner.#.attn.to_q.weight",)),
    Signature("hidream-o1", "layers.#.self_attn.q_proj.weight", ("t_embedder1.",)),
    Signature(
        "hidream", "double_stream_blocks.#.block.attn1.to_q.weight|double_stream_blocks.#.block.attn.to_q.weight"
    ),
    Signature("krea2", "blocks.#.attn.wq.weight", ("txtfusion.|blocks.#.attn.gate.weight",)),
    Signature("ideogram4", "layers.#.attention.qkv.weight", ("embed_image_indicator.weight",)),
    Signature("ernie-image", "layers.#.mlp.linear_fc2.weight"),
    Signature("auraflow", "double_layers.#.attn.w1q.weight"),
    Signature("hunyuan-dit", "blocks.#.attn1.Wqkv.weight"),
    Signature(
        "hunyuan-dit",
        "blocks.#.attn2.to_q.weight",
        ("blocks.#.skip_linear.weight|text_embedder.",),
        ("blocks.#.scale_shift_table",),
        kind=_D,
    ),
    Signature(
        "pixart-alpha",
        "blocks.#.cross_attn.kv_linear.weight",
        ("ar_embedder.",),
        ("blocks.#.mlp.inverted_conv.conv.weight",),
    ),
    Signature("sana", "blocks.#.mlp.inverted_conv.conv.weight"),
    Signature(
        "pixart-sigma",
        "blocks.#.cross_attn.kv_linear.weight",
        ("blocks.#.mlp.fc1.weight",),
        among=("pixart-sigma", "pixart-alpha"),
    ),
    Signature("sana", "transformer_blocks.#.ff.conv_inverted.weight", kind=_D),
    Signature("pixart-alpha", _TABLE, ("adaln_single.emb.resolution_embedder.",), (), {_PIXART: 1152}, _D),
    Signature(
        "pixart-sigma",
        _TABLE,
        ("adaln_single.",),
        ("patchify_proj.weight", "proj_in.weight"),
        {_PIXART: 1152},
        _D,
        among=("pixart-sigma", "pixart-alpha"),
    ),
    Signature("lumina-next", "layers.#.attn1.to_q.weight", ("layers.#.gate",), kind=_D),
    Signature(
        "cogview4",
        "transformer_blocks.#.attn1.to_q.weight",
        ("transformer_blocks.#.norm1.linear.weight", "patch_embed.text_proj.weight", "time_condition_embed."),
        kind=_D,
        among=("cogview4", "cogview3-plus"),
    ),
    Signature(
        "stable-cascade-c",
        "down_blocks.#.#.channelwise.#.weight",
        ("clip_txt_mapper.|clip_img_mapper.|clip_txt_pooled_mapper.",),
    ),
    Signature(
        "stable-cascade-b", "down_blocks.#.#.channelwise.#.weight", ("clip_mapper.|effnet_mapper.|pixels_mapper.",)
    ),
    Signature(
        "stable-cascade-c", "down_blocks.#.#.channelwise.#.weight", among=("stable-cascade-c", "stable-cascade-b")
    ),
    Signature(
        "kandinsky5",
        "visual_transformer_blocks.#.cross_attention.key_norm.weight|"
        "visual_transformer_blocks.#.cross_attention.to_key.weight",
    ),
    Signature("pixeldit", "core.pixel_embedder.proj.weight"),
    Signature(
        "hunyuan3d-2.1",
        "blocks.#.attn1.k_norm.weight",
        ("t_embedder.mlp.#.weight",),
        ("head.modulation", "blocks.#.scale_shift_table"),
    ),
)
