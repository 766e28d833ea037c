"""Examples of what is told of hubs and their keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.server.api import hubs, lan_hubs
from modelyard.server.api.answers.facts import FLUX, SHA256
from modelyard.values.offers import KeyReport

_NAS = {"origin": "https://nas.local:8443", "pin": "8b1a" + "0" * 60, "authorities": [], "token": "…k3Qz"}

HUBS: Mapping[Any, Any] = {
    hubs.HubView: {
        "name": "huggingface",
        "title": "Hugging Face",
        "prefixes": ["hf", "huggingface"],
        "key": True,
        "settings_page": "https://huggingface.co/settings/tokens",
    },
    hubs.FoundModels: {
        "models": [
            {"hub": "huggingface", "address": "hf:Comfy-Org/flux1-schnell", "title": "flux1-schnell", "likes": 58},
        ],
        "problems": {},
    },
    hubs.ModelView: {
        "hub": "huggingface",
        "address": "hf:Comfy-Org/flux1-schnell",
        "asked": "hf:Comfy-Org/flux1-schnell",
        "title": "Comfy-Org/flux1-schnell",
        "facts": {"licence": "apache-2.0"},
        "files": [
            {
                "address": FLUX,
                "path": "flux1-schnell-fp8.safetensors",
                "size": 17246524772,
                "claimed": {"sha256": SHA256},
                "access": "open",
                "licence": "apache-2.0",
                "role": "main",
                "folder": "checkpoints",
            }
        ],
        "companions": [],
        "gate": None,
    },
    hubs.Located: {"hub": "huggingface", "address": FLUX, "path": "flux1-schnell-fp8.safetensors"},
    hubs.KeyView: {"hub": "huggingface", "place": "keyring", "shown": "hf_…k3Qz", "used": True, "trouble": None},
    hubs.KeyPlace: {"place": "keyring"},
    KeyReport: {"hub": "huggingface", "valid": True, "owner": "somebody", "kind": "read", "scopes": ["read"]},
    lan_hubs.LanHubView: _NAS,
    lan_hubs.LanHubLook: {
        "origin": "https://nas.local:8443",
        "reachable": True,
        "certificate": None,
        "status": 200,
        "token": "taken",
        "error": None,
    },
    lan_hubs.LanHubList: {"origins": [_NAS["origin"]], "hubs": [_NAS]},
}
