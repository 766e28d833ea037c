"""Families and the headers that stand for them."""

from __future__ import annotations

from itertools import chain

from library.identify import made

header = made.header
DM = "diffusion_model"
SDXL = made.unet(2048, depth=10, label=2816)

MODELS = {
    "SD 1.5": ((DM, "sd15"), header(made.unet(768))),
    "SD 1.5 inpainting": ((DM, "sd15"), header(made.unet(768, 9))),
    "SD 2.1": ((DM, "sd21"), header(made.unet(1024))),
    "SDXL": ((DM, "sdxl"), header(SDXL)),
    "SDXL refiner": ((DM, "sdxl-refiner"), header(made.unet(1280, depth=4, inner=1536, label=2560))),
    "x4 upscaler": ((DM, "sd-x4-upscaler"), header(made.unet(1024, 7))),
    "SD 1.5 checkpoint": (
        ("checkpoint", "sd15"),
        header(chain(made.unet(768, prefix="model.diffusion_model."), made.vae(4, True, "first_stage_model."))),
    ),
    "Flux.1 among other parts": (
        ("checkpoint", "flux1"),
        header(
            chain(
                (("model." + name, shape) for name, shape in made.flux()),
                made.vae(16, False, "vae."),
                made.t5(4096, 32128),
            )
        ),
    ),
    "Flux.1 dev": ((DM, "flux1"), header(made.flux())),
    "Flux.1 schnell": ((DM, "flux1-schnell"), header(made.flux(guidance=False))),
    "Flux.1 Fill": ((DM, "flux1-fill"), header(made.flux(patch=384))),
    "Chroma": ((DM, "chroma"), header(made.chroma())),
    "Flux.2 dev": ((DM, "flux2"), header(made.flux2(6144))),
    "Flux.2 klein 9B": ((DM, "flux2-klein-9b"), header(made.flux2(4096))),
    "Flux.2 klein 4B": ((DM, "flux2-klein-4b"), header(made.flux2(3072))),
    "Hunyuan Video": ((DM, "hunyuan-video"), header(made.hunyuan_video())),
    "Hunyuan Video I2V": ((DM, "hunyuan-video-i2v"), header(made.hunyuan_video(33))),
    "Hunyuan Video 1.5": ((DM, "hunyuan-video-1.5"), header(made.hunyuan_video(65, 2048))),
    "Wan 14B T2V": ((DM, "wan-14b-t2v"), header(made.wan(5120))),
    "Wan 2.1 14B I2V": ((DM, "wan2.1-14b-i2v"), header(made.wan(5120, 36, True))),
    "Wan 2.2 14B I2V": ((DM, "wan2.2-14b-i2v"), header(made.wan(5120, 36))),
    "Wan 1.3B": ((DM, "wan2.1-1.3b-t2v"), header(made.wan(1536))),
    "Wan 2.2 5B": ((DM, "wan2.2-5b"), header(made.wan(3072, 48))),
    "SD 3 medium": ((DM, "sd3-medium"), header(made.sd3(1536))),
    "SD 3.5 medium": ((DM, "sd3.5-medium"), header(made.sd3(1536, True))),
    "SD 3.5 large": ((DM, "sd3.5-large"), header(made.sd3(2432))),
    "Z-Image": ((DM, "z-image"), header(made.lumina(3840))),
    "Lumina 2": ((DM, "lumina2"), header(made.lumina(2304))),
    "Qwen-Image": ((DM, "qwen-image"), header(made.qwen_image())),
    "LTX 2B": ((DM, "ltxv"), header(made.ltx(2048))),
    "LTX-2": ((DM, "ltx2"), header(made.ltx(4096, True))),
    "CLIP L": (("text_encoder", "clip_l"), header(made.clip(768, 12))),
    "CLIP H": (("text_encoder", "clip_h"), header(made.clip(1024, 24))),
    "CLIP G": (("text_encoder", "clip_g"), header(made.clip(1280, 32))),
    "CLIP vision H": (("clip_vision", "clip_vision_h"), header(made.vision(1280, 32))),
    "SigLIP": (("clip_vision", "siglip"), header(made.vision(1152, 27))),
    "T5 XXL": (("text_encoder", "t5xxl"), header(made.t5(4096, 32128))),
    "UMT5 XXL": (("text_encoder", "umt5_xxl"), header(made.t5(4096, 256384))),
    "Gemma 2 2B": (
        ("text_encoder", "gemma_2_2b"),
        header(made.language(2304, 1024, 9216, 256000, ("post_feedforward_layernorm",))),
    ),
    "Qwen 3 4B": (
        ("text_encoder", "qwen_3_4b"),
        header(made.language(2560, 1024, 9728, 151936, ("self_attn.q_norm",))),
    ),
    "Llama 3 8B": (("llm", "llama3_8b"), header(made.language(4096, 1024, 14336, 128256, head=True))),
    "Llama 2 7B": (("llm", "llama2_7b"), header(made.language(4096, 4096, 11008, 32000, head=True))),
    "Mistral small": (("text_encoder", "mistral_3_small"), header(made.language(5120, 1024, 32768, 131072))),
    "ControlNet SD 1.5": (("controlnet", "sd15"), header(made.controlnet(768))),
    "ControlNet SDXL": (("controlnet", "sdxl"), header(made.controlnet(2048, 10))),
    "ESRGAN": (("upscaler", "esrgan"), header(made.esrgan())),
    "embedding": (("embedding", "sdxl"), header([("clip_l", (2, 768)), ("clip_g", (2, 1280))])),
}
"""Kind and family, and a header that decides for them."""

SHARED = {
    "SD VAE": (("vae", "sd15-vae"), header(made.vae(4, True))),
    "Flux VAE": (("vae", "flux1-vae"), header(made.vae(16, False))),
    "Flux.1 canny or depth": ((DM, "flux1-canny"), header(made.flux(patch=128))),
    "CLIP L embedding": (("embedding", "sd15"), header([("clip_l", (2, 768))])),
}
"""The same for families whose tensors are equal."""

_XL = "lora_unet_down_blocks_2_attentions_0_transformer_blocks_{}_attn2_to_k"
_WAN = "diffusion_model.blocks.{}.self_attn.q"
_QKV = "lora_unet_double_blocks_{}_img_attn_qkv"
_LINEAR = "lora_unet_single_blocks_{}_linear1"
_PEFT = ("lora_A", "lora_B")

ADAPTERS = {
    "SDXL, kohya": (("lora", "sdxl", 16), header(made.lora((_XL.format(n), 2048, 1280) for n in range(10)))),
    "SD 1.5, kohya": (("lora", "sd15", 8), header(made.lora(((_XL.format(n), 768, 1280) for n in range(1)), 8))),
    "SD 2.1, kohya": (("lora", "sd21", 8), header(made.lora(((_XL.format(n), 1024, 1280) for n in range(1)), 8))),
    "Flux.1, kohya": (
        ("lora", "flux1", 4),
        header(
            made.lora(
                chain(
                    ((_QKV.format(n), 3072, 9216) for n in range(19)),
                    ((_LINEAR.format(n), 3072, 21504) for n in range(38)),
                ),
                4,
            )
        ),
    ),
    "Flux.2 klein 4B": (
        ("lora", "flux2-klein-4b", 4),
        header(
            made.lora(
                chain(
                    ((_QKV.format(n), 3072, 9216) for n in range(5)),
                    ((_LINEAR.format(n), 3072, 27648) for n in range(20)),
                ),
                4,
            )
        ),
    ),
    "Wan 14B, PEFT": (
        ("lora", "wan-14b-t2v", 32),
        header(made.lora(((_WAN.format(n), 5120, 5120) for n in range(40)), 32, _PEFT)),
    ),
    "Wan 1.3B, PEFT": (
        ("lora", "wan2.1-1.3b-t2v", 32),
        header(made.lora(((_WAN.format(n), 1536, 1536) for n in range(30)), 32, _PEFT)),
    ),
    "Z-Image, PEFT": (
        ("lora", "z-image", 16),
        header(made.lora(((f"diffusion_model.layers.{n}.attention.to_q", 3840, 3840) for n in range(30)), 16, _PEFT)),
    ),
    "a text encoder alone": (
        ("lora", "sd15", 8),
        header(made.lora(((f"lora_te_text_model_encoder_layers_{n}_mlp_fc1", 768, 3072) for n in range(12)), 8)),
    ),
    "an unknown base": (("lora", "unknown", 8), header(made.lora([("some.where.proj", 17, 19)], 8))),
    "LoHa": (
        ("loha", "sdxl", 8),
        header(
            (f"{_XL.format(n)}.hada_{w}", shape)
            for n in range(10)
            for w, shape in (("w1_a", (1280, 8)), ("w1_b", (8, 2048)), ("w2_a", (1280, 8)), ("w2_b", (8, 2048)))
        ),
    ),
}
"""Network, base and rank."""
