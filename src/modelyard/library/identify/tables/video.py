"""Video and audio transformers."""

from modelyard.library.identify.signature import Signature

_D = "diffusers_transformer"
_W = "blocks.#.self_attn.norm_q.weight"
_DIM = _W + "@0"
_IN = "patch_embedding.weight@1"
_K_IMG = "blocks.#.cross_attn.k_img.weight"
_CROSS = "blocks.#.cross_attn.norm_q.weight"
_WD = "blocks.#.attn1.norm_q.weight"
_WDD = _WD + "@0"
_ADD_K = "blocks.#.attn2.add_k_proj.weight"
_COND = "condition_embedder."
_LTX = "transformer_blocks.#.attn1.q_norm.weight"
_LTXD = "transformer_blocks.#.attn1.norm_q.weight"
_MLP1 = "blocks.#.mlp.layer1.weight"
_COSMOS = "blocks.block0.blocks.#.block.attn.to_q.#.weight|blocks.block1.blocks.#.block.attn.to_q.#.weight"

ROWS = (
    Signature("wan2.2-animate2", _W, ("blocks.#.self_attn.to_q.weight",)),
    Signature("anyflow", _WD, ("condition_embedder.delta_embedder.",), kind=_D),
    Signature("helios", _WD, ("patch_short.|patch_mid.|patch_long.",), kind=_D),
    Signature(
        "mochi", "transformer_blocks.#.attn1.add_q_proj.weight", ("transformer_blocks.#.norm1.linear.weight",), kind=_D
    ),
    Signature(
        "minimax-h3", "token_refiner.refiner_blocks.#.attn.to_q.weight", ("transformer_blocks.#.norm1.weight",), kind=_D
    ),
    Signature("joyimage", "double_blocks.#.attn.img_attn_qkv.weight", kind=_D),
    Signature("wan2.1-vace", _W, ("vace_blocks.#.self_attn.norm_q.weight|vace_patch_embedding.weight",)),
    Signature("wan2.2-s2v", _W, ("casual_audio_encoder.|audio_injector.",)),
    Signature("wan2.1-humo", _W, ("audio_proj.|blocks.#.audio_cross_attn_wrapper.audio_cross_attn.q.weight",)),
    Signature("wan2.2-animate", _W, ("face_adapter.|motion_encoder.|pose_patch_embedding.",)),
    Signature("wan2.1-camera", _W, ("control_adapter.", _K_IMG)),
    Signature("wan2.2-camera", _W, ("control_adapter.",), (_K_IMG,)),
    Signature("wan2.1-scail2", _W, ("patch_embedding_mask.",)),
    Signature("wan2.1-scail", _W, ("patch_embedding_pose.",)),
    Signature("wan-dancer", _W, ("patch_embedding_global.",)),
    Signature("wan2.1-14b-flf2v", _W, (_K_IMG, "img_emb.emb_pos"), sizes={_DIM: 5120}),
    Signature("wan2.1-fun-control", _W, (_K_IMG,), sizes={_IN: (48, 52)}),
    Signature("wan2.1-14b-i2v", _W, (_K_IMG,), sizes={_DIM: 5120}),
    Signature("wan2.1-1.3b-i2v", _W, (_K_IMG,), sizes={_DIM: 1536}),
    Signature("wan-14b-t2v", _W, (_CROSS,), (_K_IMG,), {_DIM: 5120, _IN: 16}),
    Signature("wan2.2-14b-i2v", _W, (_CROSS,), (_K_IMG,), {_DIM: 5120, _IN: 36}),
    Signature("wan2.2-fun-control", _W, (_CROSS,), (_K_IMG,), {_DIM: 5120, _IN: (48, 52)}),
    Signature("wan-14b-t2v", _W, (_CROSS,), (_K_IMG,), {_DIM: 5120}, among=("wan-14b-t2v", "wan2.2-14b-i2v")),
    Signature("wan2.2-5b", _W, (_CROSS,), (_K_IMG,), {_DIM: 3072}),
    Signature("wan2.1-1.3b-t2v", _W, (_CROSS,), (_K_IMG,), {_DIM: 1536, _IN: 16}),
    Signature(
        "wan2.1-1.3b-t2v", _W, (_CROSS,), (_K_IMG,), {_DIM: 1536}, among=("wan2.1-1.3b-t2v", "wan2.1-fun-control")
    ),
    # diffusers
    Signature("wan2.1-vace", _WD, ("vace_blocks.#.attn1.norm_q.weight|vace_patch_embedding.weight",), kind=_D),
    Signature("wan2.2-animate", _WD, ("face_adapter.|motion_encoder.|pose_patch_embedding.",), kind=_D),
    Signature("skyreels-v2", _WD, ("fps_embedding.|fps_projection.",), kind=_D),
    Signature("wan2.1-14b-flf2v", _WD, (_ADD_K, "condition_embedder.image_embedder.pos_embed"), (), {_WDD: 5120}, _D),
    Signature("wan2.1-14b-i2v", _WD, (_ADD_K, _COND), (), {_WDD: 5120}, _D),
    Signature("wan-14b-t2v", _WD, (_COND,), (_ADD_K,), {_WDD: 5120, _IN: 16}, _D),
    Signature("wan2.2-14b-i2v", _WD, (_COND,), (_ADD_K,), {_WDD: 5120, _IN: 36}, _D),
    Signature("wan-14b-t2v", _WD, (_COND,), (_ADD_K,), {_WDD: 5120}, _D, among=("wan-14b-t2v", "wan2.2-14b-i2v")),
    Signature("wan2.2-5b", _WD, (_COND,), (_ADD_K,), {_WDD: 3072}, _D),
    Signature("wan2.1-1.3b-t2v", _WD, (_COND,), (_ADD_K,), {_WDD: 1536}, _D),
    Signature("ltx2", _LTX, ("transformer_blocks.#.audio_attn1.to_q.weight|audio_adaln_single.|audio_patchify_proj.",)),
    Signature("ltxv", _LTX, (), (), {_LTX + "@0": 2048}, variant="2b"),
    Signature("ltxv", _LTX, ("patchify_proj.|adaln_single.",), (), {_LTX + "@0": 4096}, variant="13b"),
    Signature("ltx2", _LTXD, ("transformer_blocks.#.audio_attn1.to_q.weight",), kind=_D),
    Signature("ltx2", "transformer_blocks.#.audio_attn1.to_q.weight", kind=_D),
    Signature("ltxv", _LTXD, ("transformer_blocks.#.scale_shift_table",), (), {_LTXD + "@0": 2048}, _D, "2b"),
    Signature("ltxv", _LTXD, ("transformer_blocks.#.scale_shift_table",), (), {_LTXD + "@0": 4096}, _D, "13b"),
    Signature("cogvideox", "blocks.#.norm1.linear.weight", ("blocks.#.attn1.norm_q.weight|patch_embed.",)),
    Signature(
        "cogvideox",
        "transformer_blocks.#.norm1.linear.weight",
        ("transformer_blocks.#.attn1.norm_q.weight",),
        ("time_condition_embed.",),
        kind=_D,
    ),
    Signature("mochi", "blocks.#.attn.qkv_x.weight"),
    Signature(
        "mochi", "transformer_blocks.#.attn1.add_q_proj.weight", ("transformer_blocks.#.norm1.linear.weight",), kind=_D
    ),
    Signature("cosmos1", _COSMOS),
    Signature("anima", _MLP1, ("llm_adapter.blocks.#.cross_attn.q_proj.weight",)),
    Signature("cosmos-predict2", _MLP1, ("blocks.#.cross_attn.k_proj.weight",)),
    Signature(
        "cosmos-predict2",
        "transformer_blocks.#.attn1.to_q.weight",
        ("transformer_blocks.#.norm1.linear_#.weight",),
        (),
        {"transformer_blocks.#.attn1.to_q.weight@0": (2048, 5120)},
        _D,
        among=("cosmos-predict2", "cosmos1"),
    ),
    Signature(
        "cosmos1",
        "transformer_blocks.#.attn1.to_q.weight",
        ("transformer_blocks.#.norm1.linear_#.weight",),
        kind=_D,
        among=("cosmos1", "cosmos-predict2"),
    ),
    Signature("minimax-h3", "blocks.#.attn.qkv_proj.weight", ("video_patch_proj.weight|audio_patch_proj.weight",)),
    Signature(
        "seedvr2",
        "blocks.#.mlp.all.proj_in_gate.weight|blocks.#.mlp.vid.proj_out.weight|blocks.#.mlp.vid.proj_in.weight",
    ),
    Signature(
        "stable-audio",
        "layers.#.self_attn.to_qkv.weight|transformer.layers.#.self_attn.to_qkv.weight",
        ("to_timestep_embed.|timestep_features.|postprocess_conv.weight|to_cond_embed.",),
    ),
    Signature(
        "stable-audio", "transformer_blocks.#.attn1.to_q.weight", ("cross_attention_proj.|global_proj.",), kind=_D
    ),
    Signature("ace-step-1.5", "encoder.lyric_encoder.layers.#.input_layernorm.weight"),
    Signature(
        "ace-step",
        "transformer_blocks.#.cross_attn.to_q.weight|transformer_blocks.#.cross_attn.add_q_proj.weight",
        ("genre_embedder.|lyric_embs.|speaker_embedder.|lyric_encoder.",),
    ),
    Signature(
        "allegro",
        "transformer_blocks.#.attn1.to_q.weight",
        ("adaln_single.", "transformer_blocks.#.scale_shift_table"),
        (),
        {"transformer_blocks.#.attn1.to_q.weight@0": 2304},
        _D,
    ),
)
