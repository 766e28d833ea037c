"""Pixel upscalers and restorers; spandrel knows them by loading, we by their names."""

from modelyard.library.identify.signature import Signature

_U = "upscaler"

ROWS = (
    Signature(
        "esrgan",
        "body.#.rdb1.conv1.weight|#.sub.#.RDB1.conv1.#.weight|RRDB_trunk.#.RDB1.conv1.weight|"
        "model.#.sub.#.RDB1.conv1.#.weight",
        kind=_U,
    ),
    Signature(
        "swinir",
        "layers.#.residual_group.blocks.#.attn.relative_position_bias_table",
        (),
        ("layers.#.residual_group.blocks.#.conv_block.cab.#.weight", "layers.#.residual_group.overlap_attn.qkv.weight"),
        kind=_U,
    ),
    Signature("hat", "layers.#.residual_group.blocks.#.conv_block.cab.#.weight", kind=_U),
    Signature(
        "dat",
        "layers.#.blocks.#.attn.attns.#.pos.pos_proj.weight|layers.#.blocks.#.attn.qkv.weight",
        ("layers.#.conv.weight|conv_first.weight",),
        kind=_U,
    ),
    Signature(
        "atd",
        "layers.#.residual_group.layers.#.attn_win.relative_position_bias_table|"
        "layers.#.residual_group.layers.#.wqkv.weight",
        kind=_U,
    ),
    Signature(
        "span",
        "block_1.c1_r.sk.weight|block_#.c1_r.sk.weight|block_1.c1_r.conv.#.weight|"
        "block_#.c1_r.eval_conv.weight|block_#.c1_r.conv.#.weight",
        kind=_U,
    ),
    Signature(
        "omnisr",
        "residual_layer.#.residual_layer.#.layer.#.fn.net.#.weight|"
        "residual_layer.#.residual_layer.#.layer.#.attn.to_qkv.weight|"
        "residual_layer.#.residual_layer.#.layer.#.fn.to_qkv.weight",
        kind=_U,
    ),
    Signature("plksr", "feats.#.channe_mixer.#.weight|feats.#.lk.conv.weight|feats.#.channel_mixer.#.weight", kind=_U),
    Signature("rgt", "layers.#.blocks.#.gamma", ("conv_first.weight",), kind=_U),
    Signature("drct", "layers.#.swin1.attn.relative_position_bias_table", kind=_U),
    Signature(
        "realesrgan-compact",
        "body.#.weight",
        ("body.#.bias",),
        ("conv_in.weight", "tail.#.weight", "head.#.weight"),
        {"body.0.weight@1": 3},
        _U,
    ),
    Signature("edsr", "body.#.body.#.weight", ("head.#.weight|tail.#.weight",), kind=_U),
    Signature(
        "gfpgan",
        "stylegan_decoder.style_convs.#.modulated_conv.weight|"
        "stylegan_decoderdotstyle_convsdot0dotmodulated_convdotweight",
        kind="face_restoration",
    ),
    Signature(
        "codeformer",
        "fuse_convs_dict.#.encode_enc.conv1.weight|ft_layers.#.self_attn.in_proj_weight",
        kind="face_restoration",
    ),
    Signature(
        "restoreformer",
        "decoder.mid.attn_1.proj_out1.weight|decoder.up.#.attn.#.proj_out1.weight",
        kind="face_restoration",
    ),
    Signature(
        "ltxv-upscaler",
        "upsampler.#.weight",
        ("post_upsample_res_blocks.#.conv1.weight|res_blocks.#.conv1.weight",),
        kind="latent_upscaler",
    ),
    Signature(
        "hunyuan-video-1.5-upscaler",
        "up.#.block.#.conv1.conv.weight",
        ("conv_in.conv.weight|norm_out.",),
        ("encoder.", "decoder.conv_in.conv.weight"),
        kind="latent_upscaler",
    ),
    Signature(
        "rife",
        "block#.conv0.#.#.weight|block0.conv0.#.#.weight|module.block0.conv0.#.#.weight",
        kind="frame_interpolation",
    ),
)
