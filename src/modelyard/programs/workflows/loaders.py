"""Which model folder an input of a node reads: measured on ComfyUI 0.33.0, and well-known loaders of custom nodes."""

from __future__ import annotations

from collections.abc import Mapping

_READERS = {
    "checkpoints": """
        CheckpointLoaderSimple.ckpt_name unCLIPCheckpointLoader.ckpt_name
        ImageOnlyCheckpointLoader.ckpt_name LTXVAudioVAELoader.ckpt_name CreateHookModelAsLora.ckpt_name
        CreateHookModelAsLoraModelOnly.ckpt_name CheckpointLoaderNF4.ckpt_name
    """,
    "vae": "VAELoader.vae_name",
    "loras": """
        LoraLoader.lora_name LoraLoaderModelOnly.lora_name TrainLoraNode.existing_lora
        CreateHookLora.lora_name CreateHookLoraModelOnly.lora_name LoraLoaderBypass.lora_name
        LoraLoaderBypassModelOnly.lora_name
    """,
    "text_encoders": """
        CLIPLoader.clip_name CLIPLoaderGGUF.clip_name DualCLIPLoader.clip_name1 DualCLIPLoader.clip_name2
        DualCLIPLoaderGGUF.clip_name1 DualCLIPLoaderGGUF.clip_name2 TripleCLIPLoader.clip_name1
        TripleCLIPLoader.clip_name2 TripleCLIPLoader.clip_name3 TripleCLIPLoaderGGUF.clip_name1
        TripleCLIPLoaderGGUF.clip_name2 TripleCLIPLoaderGGUF.clip_name3 QuadrupleCLIPLoader.clip_name1
        QuadrupleCLIPLoader.clip_name2 QuadrupleCLIPLoader.clip_name3 QuadrupleCLIPLoader.clip_name4
        QuadrupleCLIPLoaderGGUF.clip_name1 QuadrupleCLIPLoaderGGUF.clip_name2
        QuadrupleCLIPLoaderGGUF.clip_name3 QuadrupleCLIPLoaderGGUF.clip_name4
    """,
    "diffusion_models": "UNETLoader.unet_name UnetLoaderGGUF.unet_name UnetLoaderGGUFAdvanced.unet_name",
    "controlnet": """
        ControlNetLoader.control_net_name DiffControlNetLoader.control_net_name
        ControlNetLoaderAdvanced.control_net_name
    """,
    "style_models": "StyleModelLoader.style_model_name",
    "clip_vision": "CLIPVisionLoader.clip_name",
    "gligen": "GLIGENLoader.gligen_name",
    "diffusers": "DiffusersLoader.model_path",
    "hypernetworks": "HypernetworkLoader.hypernetwork_name",
    "upscale_models": "UpscaleModelLoader.model_name",
    "photomaker": "PhotoMakerLoader.photomaker_model_name",
    "latent_upscale_models": "LatentUpscaleModelLoader.model_name",
    "model_patches": "ModelPatchLoader.name",
    "audio_encoders": "AudioEncoderLoader.audio_encoder_name",
    "background_removal": "LoadBackgroundRemovalModel.bg_removal_name",
    "frame_interpolation": "FrameInterpolationModelLoader.model_name",
    "optical_flow": "OpticalFlowLoader.model_name",
    "geometry_estimation": "LoadMoGeModel.model_name LoadDA3Model.model_name",
    "detection": "LoadMediaPipeFaceLandmarker.model_name",
    "ipadapter": "IPAdapterModelLoader.ipadapter_file",
    "ultralytics": "UltralyticsDetectorProvider.model_name",
    "sams": "SAMLoader.model_name",
}
"""Folder to the inputs that list it, in the order in which a node shows them."""

_MIXED = {
    "CheckpointLoader": {"config_name": "configs", "ckpt_name": "checkpoints"},
    "LTXAVTextEncoderLoader": {"text_encoder": "text_encoders", "ckpt_name": "checkpoints"},
}
"""Nodes that read two folders, their inputs in the order in which they are shown."""


def _by_type() -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = {name: dict(inputs) for name, inputs in _MIXED.items()}
    for folder, readers in _READERS.items():
        for reader in readers.split():
            node, _, name = reader.partition(".")
            table.setdefault(node, {})[name] = folder
    return table


LOADERS: Mapping[str, Mapping[str, str]] = _by_type()
"""Node type to its inputs that read models, and the folder that each reads; in the order of the widgets."""


def folder_of(node_type: str, name: str) -> str:
    """The folder that an input of a node reads, empty when unknown.

    An input that was renamed between versions (`moge_model`, `model_name`) reads the one folder its node reads.
    """
    inputs = LOADERS.get(node_type, {})
    folders = set(inputs.values())
    return inputs.get(name) or (next(iter(folders)) if len(folders) == 1 else "")
