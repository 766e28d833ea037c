"""Headers made by the rules of each architecture: block names and widths, no list of anybody's keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from modelyard.library.formats.header import Header, Tensor

Shape = tuple[int, ...]
Pairs = Iterator[tuple[str, Shape]]


def header(
    pairs: Iterable[tuple[str, Shape]], dtype: str = "BF16", metadata: dict[str, object] | None = None
) -> Header:
    """A header of these tensors."""
    return Header("safetensors", 1, {name: Tensor(dtype, shape) for name, shape in pairs}, metadata or {})


def linear(name: str, width: int, inner: int, bias: bool = True) -> Pairs:
    yield f"{name}.weight", (width, inner)
    if bias:
        yield f"{name}.bias", (width,)


def cross(name: str, width: int, context: int) -> Pairs:
    """A transformer block of a UNet."""
    for attention, inner in (("attn1", width), ("attn2", context)):
        yield f"{name}.{attention}.to_q.weight", (width, width)
        yield f"{name}.{attention}.to_k.weight", (width, inner)
        yield f"{name}.{attention}.to_v.weight", (width, inner)
        yield from linear(f"{name}.{attention}.to_out.0", width, width)
    yield from linear(f"{name}.ff.net.0.proj", width * 8, width)
    yield from linear(f"{name}.ff.net.2", width, width * 4)


def unet(context: int, channels: int = 4, depth: int = 1, inner: int = 1280, label: int = 0, prefix: str = "") -> Pairs:
    """Stable Diffusion's UNet, LDM names."""
    yield from ((prefix + name, shape) for name, shape in _unet(context, channels, depth, inner, label))


def _unet(context: int, channels: int, depth: int, inner: int, label: int) -> Pairs:
    yield "input_blocks.0.0.weight", (inner // 4, channels, 3, 3)
    if label:
        yield from linear("label_emb.0.0", inner, label)
    for at in (1, 2, 4, 5, 7, 8):
        for block in range(depth):
            yield from cross(f"input_blocks.{at}.1.transformer_blocks.{block}", inner // 4, context)
        yield f"input_blocks.{at}.0.in_layers.2.weight", (inner // 4, inner // 4, 3, 3)
    for block in range(depth):
        yield from cross(f"middle_block.1.transformer_blocks.{block}", inner, context)
    for at in range(3, 12):
        for block in range(depth):
            yield from cross(f"output_blocks.{at}.1.transformer_blocks.{block}", inner, context)
    yield from linear("out.2", 4, inner // 4)


def vae(latent: int, quant: bool, prefix: str = "") -> Pairs:
    """The LDM autoencoder."""
    for side in ("encoder", "decoder"):
        for level in range(4):
            for block in range(3):
                yield (
                    f"{prefix}{side}.{'down' if side == 'encoder' else 'up'}.{level}.block.{block}.conv1.weight",
                    (128, 128, 3, 3),
                )
        for part in ("q", "k", "v", "proj_out"):
            yield f"{prefix}{side}.mid.attn_1.{part}.weight", (512, 512, 1, 1)
    yield f"{prefix}encoder.conv_out.weight", (2 * latent, 512, 3, 3)
    yield f"{prefix}decoder.conv_in.weight", (512, latent, 3, 3)
    if quant:
        yield f"{prefix}quant_conv.weight", (2 * latent, 2 * latent, 1, 1)
        yield f"{prefix}post_quant_conv.weight", (latent, latent, 1, 1)


def flux(
    width: int = 3072, patch: int = 64, guidance: bool = True, doubles: int = 19, singles: int = 38, mods: bool = True
) -> Pairs:
    """Flux.1 and its kin, as its authors name it."""
    yield from linear("img_in", width, patch)
    yield from linear("txt_in", width, 4096)
    yield from linear("vector_in.in_layer", width, 768) if mods else iter(())
    if guidance:
        for layer in ("in_layer", "out_layer"):
            yield from linear(f"guidance_in.{layer}", width, 256)
    for at in range(doubles):
        for stream in ("img", "txt"):
            yield from linear(f"double_blocks.{at}.{stream}_attn.qkv", 3 * width, width)
            yield from linear(f"double_blocks.{at}.{stream}_attn.proj", width, width)
            yield f"double_blocks.{at}.{stream}_attn.norm.key_norm.scale", (128,)
            yield from linear(f"double_blocks.{at}.{stream}_mlp.0", 4 * width, width)
            if mods:
                yield from linear(f"double_blocks.{at}.{stream}_mod.lin", 6 * width, width)
    for at in range(singles):
        yield from linear(f"single_blocks.{at}.linear1", 7 * width, width)
        yield from linear(f"single_blocks.{at}.linear2", width, 5 * width)


def chroma() -> Pairs:
    yield from flux(guidance=False, mods=False)
    for at in range(5):
        yield from linear(f"distilled_guidance_layer.layers.{at}.in_layer", 5120, 5120)


def flux2(width: int) -> Pairs:
    yield from flux(width, 128, False, 8, 24, mods=False)
    for part in ("img", "txt"):
        yield from linear(f"double_stream_modulation_{part}.lin", 6 * width, width, bias=False)


def hunyuan_video(channels: int = 16, width: int = 3072) -> Pairs:
    yield from flux(width, 64, True, 20, 40)
    yield "img_in.proj.weight", (width, channels, 1, 2, 2)
    for at in range(2):
        yield f"txt_in.individual_token_refiner.blocks.{at}.norm1.weight", (width,)


def wan(width: int, channels: int = 16, image: bool = False, extra: tuple[tuple[str, Shape], ...] = ()) -> Pairs:
    """Wan 2.x, as its authors name it."""
    yield "patch_embedding.weight", (width, channels, 1, 2, 2)
    yield "head.modulation", (1, 2, width)
    for at in range(30):
        for attention in ("self_attn", "cross_attn"):
            for part in "qkvo":
                yield from linear(f"blocks.{at}.{attention}.{part}", width, width)
            yield f"blocks.{at}.{attention}.norm_q.weight", (width,)
        if image:
            yield from linear(f"blocks.{at}.cross_attn.k_img", width, width)
        yield from linear(f"blocks.{at}.ffn.0", 4 * width, width)
    yield from extra


def sd3(width: int, dual: bool = False) -> Pairs:
    for at in range(24):
        for stream in ("x_block", "context_block"):
            yield from linear(f"joint_blocks.{at}.{stream}.attn.qkv", 3 * width, width)
        if dual and at < 13:
            yield from linear(f"joint_blocks.{at}.x_block.attn2.qkv", 3 * width, width)


def lumina(width: int) -> Pairs:
    for where, count in (("noise_refiner", 2), ("context_refiner", 2), ("layers", 30)):
        for at in range(count):
            yield f"{where}.{at}.attention.qkv.weight", (3 * width, width)
            yield f"{where}.{at}.feed_forward.w1.weight", (4 * width, width)
            yield f"{where}.{at}.attention.k_norm.weight", (128,)


def qwen_image() -> Pairs:
    yield "txt_norm.weight", (3584,)
    for at in range(60):
        for stream in ("img", "txt"):
            yield from linear(f"transformer_blocks.{at}.{stream}_mod.1", 18432, 3072)
            yield from linear(f"transformer_blocks.{at}.{stream}_mlp.net.0.proj", 12288, 3072)
        yield from linear(f"transformer_blocks.{at}.attn.to_q", 3072, 3072)
        yield f"transformer_blocks.{at}.attn.norm_added_q.weight", (128,)


def ltx(width: int, audio: bool = False) -> Pairs:
    yield from linear("patchify_proj", width, 128)
    for at in range(28):
        yield f"transformer_blocks.{at}.attn1.q_norm.weight", (width,)
        yield from linear(f"transformer_blocks.{at}.attn1.to_q", width, width)
        if audio:
            yield from linear(f"transformer_blocks.{at}.audio_attn1.to_q", width // 2, width // 2)


def clip(width: int, layers: int) -> Pairs:
    yield "text_model.embeddings.token_embedding.weight", (49408, width)
    for at in range(layers):
        yield f"text_model.encoder.layers.{at}.layer_norm1.weight", (width,)
        yield from linear(f"text_model.encoder.layers.{at}.mlp.fc1", 4 * width, width)


def vision(width: int, layers: int) -> Pairs:
    for at in range(layers):
        yield f"vision_model.encoder.layers.{at}.layer_norm1.weight", (width,)
        yield from linear(f"vision_model.encoder.layers.{at}.mlp.fc1", 4 * width, width)


def t5(width: int, vocabulary: int, layers: int = 24) -> Pairs:
    yield "shared.weight", (vocabulary, width)
    for at in range(layers):
        yield f"encoder.block.{at}.layer.0.SelfAttention.k.weight", (width, width)
        yield f"encoder.block.{at}.layer.0.layer_norm.weight", (width,)


def language(
    width: int, kv: int, inner: int, vocabulary: int, more: tuple[str, ...] = (), bias: bool = False, head: bool = False
) -> Pairs:
    """A decoder-only model, transformers' names."""
    yield "model.embed_tokens.weight", (vocabulary, width)
    for at in range(28):
        yield from linear(f"model.layers.{at}.self_attn.k_proj", kv, width, bias)
        yield from linear(f"model.layers.{at}.self_attn.q_proj", width, width, bias)
        yield f"model.layers.{at}.mlp.gate_proj.weight", (inner, width)
        for norm in ("input_layernorm", "post_attention_layernorm", *more):
            yield f"model.layers.{at}.{norm}.weight", (width,)
    if head:
        yield "lm_head.weight", (vocabulary, width)


def controlnet(context: int, depth: int = 1) -> Pairs:
    """A ControlNet, diffusers' names."""
    for at in range(12):
        yield from linear(f"controlnet_down_blocks.{at}", 320, 320)
    for block in range(depth):
        yield from cross(f"mid_block.attentions.0.transformer_blocks.{block}", 1280, context)
    yield "controlnet_cond_embedding.conv_in.weight", (16, 3, 3, 3)


def esrgan() -> Pairs:
    for at in range(23):
        for dense in range(1, 4):
            yield f"body.{at}.rdb{dense}.conv1.weight", (32, 64, 3, 3)


def lora(
    modules: Iterable[tuple[str, int, int]], rank: int = 16, names: tuple[str, str] = ("lora_down", "lora_up")
) -> Pairs:
    """An adapter of these modules: name, numbers in, numbers out."""
    for module, inner, out in modules:
        yield f"{module}.{names[0]}.weight", (rank, inner)
        yield f"{module}.{names[1]}.weight", (out, rank)
        yield f"{module}.alpha", ()
