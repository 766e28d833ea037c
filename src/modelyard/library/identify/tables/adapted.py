"""For which base an adapter was made, by the modules that it changes and how wide they are."""

from __future__ import annotations

import msgspec


class AdapterRow(msgspec.Struct, frozen=True):
    """One row; the first that fits decides.

    Attributes:
        family: The base.
        has: Module names that must be changed; ``a|b`` means either, ``^`` the start of the name,
            ``=`` a name with its number.
        widths: Modules (either, with ``|``), ``in`` or ``out``, and the width that one of them must have.
        lacks: Modules that must not be changed.
        above: Block names that must be numbered at least so high.
        axes: Modules whose first matrix must have so many axes.
        among: Bases that have the same modules and widths.
        sure: Names alone decide.
    """

    family: str
    has: tuple[str, ...]
    widths: tuple[tuple[str, str, int], ...] = ()
    lacks: tuple[str, ...] = ()
    above: tuple[tuple[str, int], ...] = ()
    axes: tuple[tuple[str, int], ...] = ()
    among: tuple[str, ...] = ()
    sure: bool = False


R = AdapterRow
_UNET = "attentions_#_transformer_blocks_#|put_blocks_#_#_transformer_blocks_#|middle_block_#_transformer_blocks_#"
_PLACES = (
    "down_blocks_#_attentions_#",
    "up_blocks_#_attentions_#",
    "mid_block_attentions_#",
    "input_blocks_#_#",
    "output_blocks_#_#",
    "middle_block_#",
)
_K = "|".join(
    f"{place}_transformer_blocks_#_attn2_to_{name}" for place in _PLACES for name in ("k", "v", "k_lora", "v_lora")
)
_TE = "^lora_te_text_model_encoder_layers|^text_encoder_text_model_encoder_layers|^lora_te1_text_model_encoder_layers"
_TE2 = "^lora_te2_|^text_encoder_#_|^text_encoder_2_"
_FLUX_Q = (
    "double_blocks_#_img_attn_qkv|double_blocks_#_txt_attn_qkv|double_blocks_#_img_attn_proj|"
    "double_blocks_#_txt_attn_proj|double_blocks_#_qkv|double_blocks_#_proj|single_blocks_#_linear1|"
    "double_blocks_#_img_attn_q_proj"
)
_FLUX_D = (
    "single_transformer_blocks_#_attn_to_q|single_transformer_blocks_#_attn_to_k|"
    "single_transformer_blocks_#_attn_to_v|single_transformer_blocks_#_proj_mlp|"
    "single_transformer_blocks_#_norm_linear"
)
_ALL_T = (
    "transformer_blocks_#_attn_to_q|transformer_blocks_#_attn_to_k|transformer_blocks_#_attn_to_v|"
    "transformer_blocks_#_attn_to_out_#|transformer_blocks_#_attn_add_q_proj|"
    "transformer_blocks_#_attn_add_k_proj|transformer_blocks_#_attn_add_v_proj"
)
_A1 = (
    "transformer_blocks_#_attn1_to_q|transformer_blocks_#_attn1_to_k|transformer_blocks_#_attn1_to_v|"
    "transformer_blocks_#_attn1_to_out_#"
)
_WAN = (
    "blocks_#_self_attn_q|blocks_#_self_attn_k|blocks_#_self_attn_v|blocks_#_cross_attn_q|"
    "blocks_#_self_attn_o|blocks_#_ffn_#"
)
_WAN_D = "blocks_#_attn1_to_q|blocks_#_attn1_to_k|blocks_#_attn1_to_v"
_Z = (
    "layers_#_attention_to_q|layers_#_attention_to_k|layers_#_attention_to_v|layers_#_attention_qkv|"
    "layers_#_attention_wq|layers_#_feed_forward_w1|layers_#_attention_to_out_#|layers_#_attention_out"
)
_SD3 = (
    "joint_blocks_#_x_block_attn_qkv|joint_blocks_#_context_block_attn_qkv|"
    "joint_blocks_#_x_block_attn_proj|joint_blocks_#_x_block_mlp_fc1"
)
_LLM = "layers_#_self_attn_q_proj|layers_#_self_attn_k_proj|layers_#_self_attn_v_proj|layers_#_mlp_gate_proj"
_WIDE_LLM = "layers_#_self_attn_q_proj|lora_te_layers_#_self_attn_q_proj"
_SINGLE = "^single_blocks_#|^double_blocks_#"

ROWS = (
    # UNets
    R("sd15", ("motion_modules_#",), sure=True),
    R("sdxl", (_UNET,), ((_K, "in", 2048),)),
    R("sd21", (_UNET,), ((_K, "in", 1024),)),
    R("sdxl-refiner", (_UNET,), ((_K, "in", 1280),)),
    R("sd15", (_UNET,), ((_K, "in", 768),)),
    R("sdxl", (_UNET, _TE2), lacks=("lora_te_text_model",), sure=True),
    R("sdxl", (_UNET,), above=(("transformer_blocks_", 4),), sure=True),
    R(
        "sd15",
        (
            _UNET,
            "=down_blocks_0_attentions|=input_blocks_1_1|=input_blocks_2_1|=output_blocks_9_1",
        ),
        axes=(("down_blocks_#_attentions_#_proj_in", 4),),
        sure=True,
    ),
    R(
        "sd15",
        (
            _UNET,
            "=down_blocks_0_attentions|=input_blocks_1_1|=input_blocks_2_1|=output_blocks_9_1|=output_blocks_11_1",
        ),
        among=("sd15", "sd21"),
    ),
    R("sdxl", (_UNET,), among=("sdxl", "sd15", "sd21")),
    R(
        "stable-cascade-c",
        ("down_blocks_#_#_channelwise|down_blocks_#_#_attention_attn|down_blocks_#_#_kv_mapper",),
        sure=True,
    ),
    # Flux and what looks like it
    R("hunyuan-video", (_SINGLE, "individual_token_refiner"), sure=True),
    R("hunyuan-video", (_SINGLE,), ((_FLUX_Q, "in", 3072),), above=(("single_blocks_", 38),)),
    R(
        "hunyuan-video",
        ("double_blocks_#_img_attn_qkv|double_blocks_#_img_mlp_fc1",),
        above=(("double_blocks_", 19),),
        sure=True,
    ),
    R("hunyuan-video", ("double_blocks_#_img_mlp_fc1|double_blocks_#_img_attn_q_norm",), sure=True),
    R("hunyuan-video-1.5", ("double_blocks_#",), ((_FLUX_Q, "in", 2048),)),
    R("hunyuan-image-2.1", ("double_blocks_#",), ((_FLUX_Q, "in", 3584),)),
    R("chroma", ("distilled_guidance_layer",), sure=True),
    R("flux2", (_SINGLE,), ((_FLUX_Q, "in", 6144),)),
    R("flux2-klein-9b", (_SINGLE,), ((_FLUX_Q, "in", 4096),)),
    R("flux2-klein-4b", ("single_blocks_#_linear1",), (("single_blocks_#_linear1", "out", 27648),)),
    R("flux1", ("single_blocks_#_linear1",), (("single_blocks_#_linear1", "out", 21504), (_FLUX_Q, "in", 3072))),
    R("flux1", (_SINGLE, "modulation_lin|img_mod_lin|txt_mod_lin"), ((_FLUX_Q, "in", 3072),)),
    R("flux1", ("double_blocks_#_qkv|double_blocks_#_proj_lora",), ((_FLUX_Q, "in", 3072),)),
    R("flux1", (_SINGLE,), ((_FLUX_Q, "in", 3072),), above=(("double_blocks_", 8),)),
    R("flux1", ("double_blocks_#",), ((_FLUX_Q, "in", 3072),), among=("flux1", "flux2-klein-4b", "hunyuan-video")),
    R("flux1", (_SINGLE,), among=("flux1", "chroma", "flux2", "hunyuan-video")),
    R(
        "flux2",
        ("single_transformer_blocks_#_attn_to_qkv_mlp_proj",),
        (("single_transformer_blocks_#_attn_to_qkv_mlp_proj", "in", 6144),),
    ),
    R(
        "flux2-klein-9b",
        ("single_transformer_blocks_#_attn_to_qkv_mlp_proj",),
        (("single_transformer_blocks_#_attn_to_qkv_mlp_proj", "in", 4096),),
    ),
    R(
        "flux2-klein-4b",
        ("single_transformer_blocks_#_attn_to_qkv_mlp_proj",),
        (("single_transformer_blocks_#_attn_to_qkv_mlp_proj", "in", 3072),),
    ),
    R("hunyuan-video", ("single_transformer_blocks_#", "token_refiner"), sure=True),
    R("hunyuan-video", ("single_transformer_blocks_#",), above=(("single_transformer_blocks_", 38),), sure=True),
    R("auraflow", ("joint_transformer_blocks_#|double_layers_#_attn",), sure=True),
    R("flux1", ("single_transformer_blocks_#",), ((_FLUX_D, "in", 3072),)),
    R("flux1", ("single_transformer_blocks_#",), among=("flux1", "chroma", "hunyuan-video")),
    # image transformers
    R("sd3.5-medium", ("joint_blocks_#_x_block_attn2",), sure=True),
    R("sd3.5-large", ("joint_blocks_#",), ((_SD3, "in", 2432),)),
    R("sd3-medium", ("joint_blocks_#",), ((_SD3, "in", 1536),), among=("sd3-medium", "sd3.5-medium")),
    R(
        "qwen-image",
        ("transformer_blocks_#_img_mlp|transformer_blocks_#_txt_mlp|transformer_blocks_#_img_mod",),
        sure=True,
    ),
    R("sd3.5-large", (_ALL_T,), ((_ALL_T, "in", 2432),)),
    R("sd3-medium", (_ALL_T,), ((_ALL_T, "in", 1536),), among=("sd3-medium", "sd3.5-medium")),
    R("qwen-image", (_ALL_T,), ((_ALL_T, "in", 3072),), above=(("transformer_blocks_", 19),)),
    R("qwen-image", (_ALL_T,), ((_ALL_T, "in", 3072),), among=("qwen-image", "flux1")),
    R("qwen-image", (_ALL_T,), above=(("transformer_blocks_", 40),), sure=True),
    R(
        "qwen-image",
        ("^transformer_blocks_#_attn_to_q|^blocks_#_attn_to_q",),
        among=("qwen-image", "flux1", "sd3-medium"),
    ),
    R("z-image", (_Z,), ((_Z, "in", 3840),)),
    R("lumina2", (_Z,), ((_Z, "in", 2304),)),
    R("krea2", ("blocks_#_attn_wq|blocks_#_attn_gate|blocks_#_attn_wk|txtfusion",), sure=True),
    R("hidream", ("double_stream_blocks_#|single_stream_blocks_#",), sure=True),
    R("omnigen2", ("layers_#_attn_to_q",), (("layers_#_attn_to_q", "in", 2520),)),
    R("kandinsky5", ("visual_transformer_blocks_#",), sure=True),
    R("hunyuan-dit", ("blocks_#_attn1_Wqkv|blocks_#_attn2_kv_proj|blocks_#_attn#_Wqkv",), sure=True),
    # video and sound
    R("anima", ("llm_adapter",), sure=True),
    R(
        "anima",
        (
            "blocks_#_cross_attn_k_proj|blocks_#_self_attn_q_proj|blocks_#_cross_attn_q_proj|blocks_#_mlp_layer1",
            "lora_te_layers_#|^text_encoders_",
        ),
        (("lora_te_layers_#_self_attn_q_proj|lora_te_layers_#_mlp_gate_proj", "in", 1024),),
    ),
    R(
        "anima",
        ("blocks_#_cross_attn_k_proj|blocks_#_self_attn_q_proj|blocks_#_cross_attn_q_proj|blocks_#_mlp_layer1",),
        among=("anima", "cosmos-predict2"),
    ),
    R("wan2.1-vace", ("vace_blocks_#",), sure=True),
    R("wan2.1-14b-i2v", ("cross_attn_k_img|cross_attn_v_img",), ((_WAN, "in", 5120),)),
    R("wan-14b-t2v", (_WAN,), ((_WAN, "in", 5120),)),
    R("wan2.2-5b", (_WAN,), ((_WAN, "in", 3072),)),
    R("wan2.1-1.3b-t2v", (_WAN,), ((_WAN, "in", 1536),)),
    R("wan2.1-14b-i2v", (_WAN_D, "attn2_add_k_proj|attn2_add_v_proj"), ((_WAN_D, "in", 5120),)),
    R("wan-14b-t2v", (_WAN_D,), ((_WAN_D, "in", 5120),)),
    R("wan2.2-5b", (_WAN_D,), ((_WAN_D, "in", 3072),)),
    R("wan2.1-1.3b-t2v", (_WAN_D,), ((_WAN_D, "in", 1536),)),
    R("wan-14b-t2v", (_WAN,), among=("wan-14b-t2v", "wan2.1-14b-i2v", "wan2.2-5b", "wan2.1-1.3b-t2v")),
    R("ltx2", ("transformer_blocks_#_audio_attn1|transformer_blocks_#_audio_ff",), sure=True),
    R("ltxv", (_A1,), ((_A1, "in", 2048),), among=("ltxv", "cosmos-predict2")),
    R("ltxv", (_A1,), ((_A1, "in", 4096),), among=("ltxv", "ltx2")),
    R("pixart-sigma", (_A1,), ((_A1, "in", 1152),), among=("pixart-sigma", "pixart-alpha")),
    R("sana", (_A1,), ((_A1, "in", 2240),)),
    R("cogvideox", (_A1,), ((_A1, "in", 1920),)),
    R("cogvideox", (_A1,), ((_A1, "in", 3072),), among=("cogvideox", "mochi")),
    R("mochi", ("blocks_#_attn_qkv_x",), sure=True),
    R("ace-step", ("transformer_blocks_#_cross_attn_to_q|lyric_encoder|speaker_embedder",), sure=True),
    # text encoders alone
    R("sdxl", (_TE, _TE2), sure=False, among=("sdxl", "sd3-medium")),
    R(
        "sd21",
        (_TE,),
        (
            (
                "lora_te_text_model_encoder_layers_#_self_attn_q_proj|lora_te_text_model_encoder_layers_#_mlp_fc1",
                "in",
                1024,
            ),
        ),
    ),
    R("sd15", (_TE,), among=("sd15", "sdxl", "flux1")),
    R("llama3_8b", (_LLM,), ((_WIDE_LLM, "in", 4096),), among=("llama3_8b", "mistral_7b", "qwen_3_8b", "llama2_7b")),
)
