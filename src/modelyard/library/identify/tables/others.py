"""Models that are none of the above: detection, segmentation, depth, other language models."""

from modelyard.library.identify.signature import Signature

ROWS = (
    Signature("yolo", "#.cv1.conv.weight|#.m.#.cv1.conv.weight|model.#.cv1.conv.weight", kind="detection"),
    Signature("rt-detr-v4", "encoder.pan_blocks.#.cv4.conv.weight", kind="detection"),
    Signature(
        "sam",
        "vision_encoder.layers.#.attn.qkv.weight|image_encoder.blocks.#.attn.qkv.weight",
        ("mask_decoder.",),
        kind="segmentation",
    ),
    Signature("sam2", "image_encoder.trunk.blocks.#.attn.qkv.weight", kind="segmentation"),
    Signature("birefnet", "bb.layers.#.blocks.#.attn.qkv.weight", kind="background_removal"),
    Signature("depth-anything", "pretrained.blocks.#.attn.qkv.weight", ("depth_head.",), kind="depth_estimation"),
    Signature("gpt2", "h.#.attn.c_attn.weight", ("wte.weight|h.#.mlp.c_fc.weight",), kind="llm"),
    Signature("phi3", "layers.#.self_attn.qkv_proj.weight", ("layers.#.mlp.gate_up_proj.weight",), kind="llm"),
    Signature("mixtral", "layers.#.block_sparse_moe.gate.weight", kind="llm"),
)
