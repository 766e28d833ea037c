"""Autoencoders of pictures, video and sound, and their small approximations."""

from modelyard.library.identify.signature import Signature

_V, _TINY = "vae", "vae_approx"
_LDM = "decoder.up.#.block.#.conv1.weight"
_Z = "decoder.conv_in.weight@1"
_MID = "decoder.mid.block_1.conv1.weight@0"
_ATT = "decoder.mid.attn_#.|encoder.mid.attn_#."
_DIFF = "decoder.up_blocks.#.resnets.#.conv1.weight"
_WAN = "decoder.middle.#.residual.#.gamma"
_LTX = "decoder.up_blocks.#.res_blocks.#.conv1.conv.weight"
_CONV3 = "decoder.up.#.block.#.conv1.conv.weight"
_HY_D = "decoder.up_blocks.#.resnets.#.conv1.conv.weight"
_TAE_S = ("decoder.layers.#.conv.#.weight", "encoder.layers.#.conv.#.weight")
_SEQ = "taesd_decoder.#.conv.#.weight|taesd_encoder.#.conv.#.weight"
_SHARED, _WIDE = ("sd15-vae", "sdxl-vae"), ("flux1-vae", "sd3-vae")
_WANS = ("wan2.1-vae", "qwen-image-vae")
_QUANT = "quant_conv.weight|post_quant_conv.weight"
_GAMMA = "decoder.up_blocks.#.resnets.#.norm1.gamma"

ROWS = (
    Signature("svd-vae", _LDM, ("decoder.mid.block_#.mix_factor|decoder.mid.block_#.time_stack.",), kind=_V),
    Signature("svd-vae", "decoder.up.#.block.#.time_stack.in_layers.#.weight", kind=_V),
    Signature("minimax-h3-vae", "decoder.transformer_blocks.#.scale1", kind=_V),
    Signature("hunyuan-image-2.1-vae", _LDM, (_ATT,), (), {_Z: 64}, _V),
    Signature("hunyuan-image-2.1-refiner-vae", _LDM, (), (), {_Z: 32, "decoder.conv_in.weight@n": 5}, _V),
    Signature("flux2-vae", _LDM, (_ATT, "bn.running_mean|bn.running_var"), kind=_V),
    Signature("flux2-vae", _LDM, (_ATT,), (), {_Z: 32}, _V),
    Signature("flux1-vae", _LDM, (_ATT,), (_QUANT,), {_Z: 16}, _V, among=_WIDE),
    Signature(
        "sd-x4-upscaler-vae",
        _LDM,
        (_ATT,),
        ("decoder.up.3.block.0.conv1.weight",),
        {_Z: 4, _LDM + "@count": (7, 8, 9)},
        _V,
    ),
    Signature("sd15-vae", _LDM, (_ATT,), (), {_Z: 4}, _V, among=_SHARED),
    Signature("flux1-vae", _LDM, (_ATT,), (_QUANT,), {"encoder.conv_out.weight@0": 32}, _V, among=_WIDE),
    Signature("sd15-vae", _LDM, (_ATT, _QUANT), kind=_V, among=("sd15-vae", "sdxl-vae", "flux2-vae")),
    Signature("flux1-vae", _LDM, (_ATT,), kind=_V, among=("sd15-vae", "sdxl-vae", "flux1-vae", "sd3-vae", "flux2-vae")),
    # video
    Signature("mochi-vae", "decoder.block_in.resnets.#.conv1.conv.weight", kind=_V),
    Signature("allegro-vae", "decoder.up_blocks.#.temp_convs.#.conv1.#.weight", kind=_V),
    Signature("ltx2-audio-vae", _CONV3, (), (_ATT,), {"decoder.conv_in.conv.weight@n": 4}, _V),
    Signature("qwen-image-2.1-vae", _WAN, sizes={"decoder.middle.#.residual.#.weight@2": 1}, kind=_V),
    Signature("qwen-image-2.1-vae", _GAMMA, sizes={"decoder.up_blocks.#.resnets.#.conv1.weight@n": 4}, kind=_V),
    Signature(
        "hunyuan-video-1.5-vae",
        _GAMMA,
        ("decoder.up_blocks.#.resnets.#.conv1.conv.weight",),
        kind=_V,
        among=("hunyuan-video-1.5-vae", "hunyuan-image-2.1-refiner-vae"),
    ),
    Signature(
        "qwen-image-2.1-vae",
        _WAN,
        ("decoder.upsamples.#.upsamples.#.residual.#.gamma",),
        (),
        {"encoder.conv1.weight@1": 4},
        _V,
    ),
    Signature("wan2.2-vae", _WAN, ("decoder.upsamples.#.upsamples.#.residual.#.gamma",), kind=_V),
    Signature(
        "wan2.1-vae",
        _WAN,
        (),
        ("decoder.upsamples.#.upsamples.#.residual.#.gamma",),
        {"conv2.weight@0": 16},
        _V,
        among=_WANS,
    ),
    Signature("wan2.1-vae", _WAN, ("decoder.upsamples.#.residual.#.gamma",), kind=_V, among=_WANS),
    Signature(
        "ltx2-audio-vae",
        "vocoder.resblocks.#.convs1.#.weight|vocoder.vocoder.resblocks.#.convs1.#.weight",
        kind=_V,
    ),
    Signature("ltxv-vae", _LTX, kind=_V, among=("ltxv-vae", "ltx2-vae")),
    Signature(
        "seedvr2-vae",
        _HY_D + "|decoder.up_blocks.#.resnets.#.conv1.weight",
        ("decoder.up_blocks.#.upsamplers.#.upscale_conv.weight",),
        kind=_V,
    ),
    Signature("hunyuan-video-1.5-vae", _CONV3, (_ATT,), (), {"decoder.conv_in.conv.weight@1": 32}, _V),
    Signature("hunyuan-video-vae", _CONV3, (_ATT,), (), {"decoder.conv_in.conv.weight@1": 16}, _V),
    Signature("hunyuan-video-vae", _CONV3, (_ATT,), kind=_V, among=("hunyuan-video-vae", "hunyuan-video-1.5-vae")),
    Signature(
        "cogvideox-vae",
        _HY_D,
        (
            "decoder.up_blocks.#.resnets.#.norm1.norm_layer.weight|"
            "decoder.up_blocks.#.resnets.#.norm1.conv_y.conv.weight",
        ),
        kind=_V,
    ),
    Signature(
        "ltxv-vae",
        _HY_D,
        (
            "decoder.up_blocks.#.resnets.#.per_channel_scale1|decoder.up_blocks.#.upsamplers.#.conv.conv.weight",
            "latents_mean|latents_std|decoder.conv_in.conv.weight",
        ),
        ("decoder.up_blocks.#.resnets.#.norm1.weight",),
        {"decoder.conv_in.conv.weight@1": 128},
        _V,
        among=("ltxv-vae", "ltx2-vae"),
    ),
    Signature("hunyuan-video-vae", _HY_D, (), (), {"decoder.conv_in.conv.weight@1": 16}, _V),
    Signature(
        "mochi-vae",
        "decoder.blocks.#.blocks.#.stack.#.weight|blocks.#.blocks.#.stack.#.weight|"
        "encoder.layers.#.layers.#.attn_block.attn.qkv.weight|layers.#.layers.#.attn_block.attn.qkv.weight",
        kind=_V,
    ),
    Signature(
        "mochi-vae", "decoder.up_blocks.#.resnets.#.conv1.conv.weight", (), (), {"decoder.conv_in.weight@1": 12}, _V
    ),
    Signature("cosmos-vae", "decoder.unpatcher3d.wavelets|encoder.patcher3d.wavelets", kind=_V),
    Signature("wan2.2-vae", "decoder.up_blocks.#.resnets.#.norm1.gamma", ("decoder.up_blocks.#.upsampler.",), kind=_V),
    Signature(
        "wan2.1-vae",
        "decoder.up_blocks.#.resnets.#.norm1.gamma",
        (),
        ("decoder.up_blocks.#.upsampler.resample.#.weight",),
        {"decoder.conv_in.weight@1": 16},
        _V,
        among=_WANS,
    ),
    # diffusers
    Signature("svd-vae", "decoder.up_blocks.#.resnets.#.spatial_res_block.conv1.weight", kind=_V),
    Signature("hunyuan-image-2.1-vae", _DIFF, (), (), {_Z: 64}, _V),
    Signature("flux2-vae", _DIFF, ("bn.running_mean|bn.running_var",), kind=_V),
    Signature("flux1-vae", _DIFF, (), ("quant_conv.weight",), {_Z: 16, "decoder.conv_in.weight@n": 4}, _V, among=_WIDE),
    Signature("flux2-vae", _DIFF, (), (), {_Z: 32, "decoder.conv_in.weight@n": 4, "decoder.conv_in.weight@0": 512}, _V),
    Signature("kolors-vae", _DIFF, (), (), {_Z: 8}, _V),
    Signature(
        "sd15-vae",
        _DIFF,
        ("decoder.mid_block.",),
        (),
        {
            _Z: 4,
            "decoder.conv_in.weight@n": 4,
            "decoder.conv_in.weight@0": 512,
            "decoder.up_blocks.#.resnets.#.conv1.weight@count": (12, 11, 10, 9, 8),
        },
        _V,
        among=_SHARED,
    ),
    # other kinds
    Signature("stable-cascade-a", "up_blocks.#.#.channelwise.#.weight", ("vquantizer.",), kind=_V),
    Signature("stable-cascade-a", "vquantizer.codebook.weight", kind=_V),
    Signature(
        "stable-cascade-effnet",
        "backbone.#.#.block.#.#.num_batches_tracked|encoder.backbone.#.#.block.#.#.num_batches_tracked",
        kind=_V,
    ),
    Signature("stable-cascade-previewer", "blocks.#.num_batches_tracked", kind=_V),
    Signature(
        "hunyuan3d-vae", "geo_decoder.cross_attn_decoder.ln_#.bias|geo_decoder.cross_attn_decoder.ln_1.bias", kind=_V
    ),
    Signature("ace-step-vae", "vocoder.backbone.channel_layers.#.#.bias", kind=_V),
    Signature("stable-audio-vae", "decoder.layers.#.layers.#.beta", kind=_V),
    Signature("stable-audio-vae", "decoder.block.#.res_unit1.snake1.beta|decoder.block.#.snake1.beta", kind=_V),
    Signature(
        "dc-ae",
        "decoder.up_blocks.#.#.conv_inverted.weight|decoder.up_blocks.#.#.conv_out.conv_inverted.weight",
        kind=_V,
    ),
    # approximations
    Signature(
        "taehv",
        "decoder.#.conv.#.weight",
        ("decoder.22.bias|encoder.#.conv.#.weight", "decoder.#.conv.weight|decoder.#.weight"),
        (),
        {"decoder.1.weight@1": 16},
        _TINY,
        among=("taehv", "taew2.1"),
    ),
    Signature("taehv-wan2.2", "decoder.#.conv.#.weight", (), (), {"decoder.1.weight@1": 48}, _TINY),
    Signature("taehv-ltx2", "decoder.#.conv.#.weight", (), (), {"decoder.1.weight@1": 128}, _TINY),
    Signature("taehv-hunyuan-video-1.5", "decoder.#.conv.#.weight", (), (), {"decoder.1.weight@1": 32}, _TINY),
    Signature("taef1", _SEQ, (), (), {"taesd_decoder.1.weight@1": 16}, _TINY, among=("taef1", "taesd3")),
    Signature("taef2", _SEQ, (), (), {"taesd_decoder.1.weight@1": 32}, _TINY),
    Signature("taesd", _SEQ, (), (), {"taesd_decoder.1.weight@1": 4}, _TINY, among=("taesd", "taesdxl")),
    Signature(
        "taef1", _TAE_S[0], (_TAE_S[1],), (), {"decoder.layers.0.weight@1": 16}, _TINY, among=("taef1", "taesd3")
    ),
    Signature(
        "taesd", _TAE_S[0], (_TAE_S[1],), (), {"decoder.layers.0.weight@1": 4}, _TINY, among=("taesd", "taesdxl")
    ),
    Signature("taesd", _TAE_S[0], (_TAE_S[1],), (), {}, _TINY, among=("taesd", "taef1", "taesd3", "taef2")),
    Signature("taesd", "#.conv.#.weight", (), (), {"1.weight@1": 4}, _TINY, "decoder"),
    Signature("taef1", "#.conv.#.weight", (), (), {"1.weight@1": 16}, _TINY, "decoder", ("taef1", "taesd3")),
    Signature("taesd", "#.conv.#.weight", (), (), {"0.weight@1": 3}, _TINY, "encoder", ("taesd", "taef1", "taesd3")),
    Signature("vae-approx", "conv8.weight", ("conv1.weight",), kind=_TINY),
)
