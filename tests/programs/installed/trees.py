"""Trees as the programs make them, small: markers, settings and a model or two, below a home for tests."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from modelyard.programs.installed.machine import Machine, System

BLOB = "a" * 64
COMMIT = "c" * 40


def machine(home: Path, system: System = "linux", **environ: str) -> Machine:
    """A machine whose home is a folder of the test."""
    home.mkdir(parents=True, exist_ok=True)
    return Machine(system, home, environ, home.parent / "root")


def put(path: Path, text: str = "") -> Path:
    """A small file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def gguf(path: Path, seed: int = 0) -> Path:
    """A file that begins as GGUF does, larger than a template."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"GGUF" + bytes([3, 0, 0, 0]) + bytes(16) + bytes([seed % 256]) * (1 << 20))
    return path


def comfy(root: Path) -> Path:
    for name in ("main.py", "folder_paths.py"):
        put(root / name)
    put(root / "comfyui_version.py", '__version__ = "0.33.0"\n')
    (root / "comfy").mkdir()
    for name in ("loras", "checkpoints", "text_encoders"):
        (root / "models" / name).mkdir(parents=True)
    return root


def web_ui(root: Path, *marks: str) -> Path:
    """AUTOMATIC1111; `modules_forge` and `ldm_patched` make it Forge and reForge."""
    for name in ("webui.py", "launch.py"):
        put(root / name)
    for name in ("modules", *marks, "models/Stable-diffusion", "models/Lora", "embeddings"):
        (root / name).mkdir(parents=True)
    return root


def sdnext(root: Path, **settings: object) -> Path:
    for name in ("webui.py", "installer.py"):
        put(root / name)
    for name in ("modules", "models/Stable-diffusion", "models/UNET", "models/Lora"):
        (root / name).mkdir(parents=True)
    put(root / "config.json", json.dumps(settings))
    return root


def fooocus(root: Path, **settings: object) -> Path:
    put(root / "entry_with_update.py")
    put(root / "modules" / "config.py")
    for name in ("models/checkpoints", "models/loras"):
        (root / name).mkdir(parents=True)
    put(root / "config.txt", json.dumps(settings or {"path_loras": [str(root / "models" / "loras")]}, indent=4))
    return root


def invoke(root: Path) -> Path:
    put(
        root / "invokeai.yaml", "schema_version: 4.0.2\nremote_api_tokens:\n- url_regex: civitai.com\n  token: secret\n"
    )
    gguf(root / "models" / "any" / "flux.safetensors")
    (root / "databases").mkdir()
    db = sqlite3.connect(root / "databases" / "invokeai.db")
    db.execute("CREATE TABLE models (id TEXT, config TEXT)")
    rows = [
        {"path": "any/flux.safetensors", "name": "FLUX", "base": "flux", "hash": f"blake3:{BLOB}", "source": "org/flux"}
        | {"source_type": "hf_repo_id", "description": "words"},
        {"path": "../../etc/passwd", "name": "out"},
        {"path": 5},
    ]
    db.executemany("INSERT INTO models VALUES ('x', ?)", [(json.dumps(row),) for row in rows] + [("no json",)])
    db.commit()
    db.close()
    return root


def swarm(root: Path, *, careful: bool = False) -> Path:
    put(root / "launch-linux.sh")
    (root / "src").mkdir()
    for name in ("Stable-Diffusion", "Lora", "VAE"):
        (root / "Models" / name).mkdir(parents=True)
    text = "Paths:\n\tModelRoot: Models\n\tSDLoraFolder: Lora\n\tSDModelFolder: Stable-Diffusion\n"
    put(root / "Data" / "Settings.fds", text + f"Metadata:\n\tEditMetadataWriteJSON: {str(careful).lower()}\n")
    return root


def stability_matrix(root: Path) -> Path:
    put(root / "settings.json", "{}")
    (root / "Packages").mkdir()
    for name in ("StableDiffusion", "Lora"):
        (root / "Models" / name).mkdir(parents=True)
    return root


def lm_studio(home: Path) -> Path:
    gguf(home / ".lmstudio" / "models" / "publisher" / "repo" / "file.gguf")
    return home / ".lmstudio"


def ollama(root: Path) -> Path:
    """A store with one model `llama3.2:3b`."""
    gguf(root / "blobs" / f"sha256-{BLOB}")
    layers = [{"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{BLOB}", "size": 5}]
    layers += [{"mediaType": "application/vnd.ollama.image.template", "digest": "sha256:../../x", "size": 5}]
    put(root / "manifests/registry.ollama.ai/library/llama3.2/3b", json.dumps({"schemaVersion": 2, "layers": layers}))
    return root


def hf_cache(hub: Path) -> Path:
    """A repository with one large file, its snapshot a link to its blob."""
    blob = gguf(hub / "models--org--name" / "blobs" / BLOB)
    snapshot = hub / "models--org--name" / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "model.safetensors").symlink_to(f"../../blobs/{blob.name}")
    return hub


def textgen(root: Path, flags: str = "# --listen\n") -> Path:
    put(root / "server.py")
    put(root / "user_data" / "CMD_FLAGS.txt", flags)
    (root / "user_data" / "models").mkdir()
    return root


def jan(data: Path) -> Path:
    gguf(data / "llamacpp" / "models" / "qwen" / "model.gguf")
    put(
        data / "llamacpp" / "models" / "qwen" / "model.yml", "name: Qwen\nmodel_path: llamacpp/models/qwen/model.gguf\n"
    )
    return data


def gpt4all(folder: Path) -> Path:
    gguf(folder / "m.gguf")
    return folder
