"""Examples of what is told of the models of the library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.catalogue.folders import Folders
from modelyard.catalogue.model import Model
from modelyard.catalogue.pages import Page
from modelyard.catalogue.versions import Newer
from modelyard.catalogue.views import Details, Facets
from modelyard.jobs.comparing import Comparison
from modelyard.jobs.upkeep import Advice
from modelyard.server.api import models
from modelyard.server.api.answers.facts import AT, INK, MODEL, SHA256

_DETAILS = {
    "model": MODEL,
    "identity": {
        "format": "safetensors",
        "kind": "lora",
        "family": "sdxl",
        "certainty": "certain",
        "reasons": ["Its metadata says ss_base_model_version=sdxl_base_v1-0."],
        "rank": 32,
    },
    "about": {
        "hub": "civitai",
        "model_id": "123",
        "version_id": "456",
        "name": "Blue ink",
        "version": "v2",
        "page": "https://civitai.com/models/123?modelVersionId=456",
        "trained_words": ["blue ink"],
        "own": {"favourite": True, "rating": 4},
    },
    "tags": ["ink", "style"],
    "own_tags": ["ink"],
    "files": [
        {
            "path": INK,
            "main": True,
            "size": 151108832,
            "mtime_ns": 1763715600000000000,
            "inode": 1835021,
            "sha256": SHA256,
            "tensors": "",
            "blake3": "",
            "crc32": "",
            "autov1": "",
        }
    ],
}
_VERSION = {
    "id": "789",
    "name": "v3",
    "base_model": "SDXL 1.0",
    "published": "2026-11-20T12:00:00Z",
    "page": "https://civitai.com/models/123?modelVersionId=789",
    "address": "civitai:123@789",
    "files": [{"name": "blue-ink-v3.safetensors", "size": 151108832, "claimed": {"sha256": SHA256}}],
}

MODELS: Mapping[Any, Any] = {
    Model: MODEL,
    Page: {"models": [MODEL], "next": None},
    Facets: {
        "total": 1,
        "size": 151108832,
        "counts": {"folder": {"loras": 1}, "kind": {"lora": 1}},
        "tags": {"ink": 1, "style": 1},
        "categories": {"style": 1},
    },
    models.Tagged: {"unwritten": []},
    models.Counted: {"known": 3},
    models.Search: {"text": "ink", "times": 2, "at": AT},
    models.UsesOf: {
        "id": 1,
        "title": "Blue ink",
        "uses": 12,
        "used": AT,
        "days": [{"day": "2026-11-21", "times": 12}],
    },
    Advice: {
        "code": "unmeasured",
        "count": 1,
        "message": "One model is not measured, so that no hub can be asked by hash.",
        "command": "modelyard measure",
        "route": "POST /api/v1/library/measure",
        "body": {},
    },
    Details: _DETAILS,
    models.Changed: _DETAILS | {"unwritten": []},
    Folders: {
        "folders": [{"root": "/models/loras", "place": "style", "models": 12, "size": 1813305984}],
        "whole": True,
    },
    Comparison: {
        "same_bytes": False,
        "same_tensors": None,
        "facts": [{"name": "base", "first": "SDXL 1.0", "second": "Pony"}],
        "metadata": [{"name": "ss_epoch", "first": "10", "second": None}],
        "tensors": [],
        "tensors_differ": 0,
        "tensors_alike": 722,
    },
    Newer: {
        "model": 1,
        "title": "Blue ink",
        "hub": "civitai",
        "hub_model": "123",
        "here": "456",
        "version": _VERSION,
        "found": AT,
        "ignored": False,
    },
}

MODELS_BY_ROUTE: Mapping[str, Any] = {"list_versions": [{"version": _VERSION, "here": []}]}
