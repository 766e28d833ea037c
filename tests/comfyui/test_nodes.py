"""*Ensure model* in queued prompts, without a page: what it gives, waits for, and refuses."""

from __future__ import annotations

import asyncio
import math
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from comfyui.hosting import REAL, Comfy, alone, end_service, env_of, hosted, make_comfyui
from jobs.library import model
from modelyard.server.client import Client
from modelyard.testing import PracticeHub
from modelyard.testing.comfyui.folders import folder_paths
from modelyard.testing.models import safetensors_of_size
from web.pages import until


@pytest.fixture(scope="module")
def hub() -> Iterator[PracticeHub]:
    with PracticeHub() as practice:
        yield practice


@pytest.fixture(scope="module")
def comfy(hub: PracticeHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Comfy]:
    folder = tmp_path_factory.mktemp("host")
    for number in range(9):
        body = model(folder / "made.safetensors", number).read_bytes()
        hub.hf.add_repo(f"ink/wash{number}", {"wash.safetensors": body, "other.safetensors": body[:-1]})
    with hosted(folder, env=env_of(hub, folder)) as host:
        yield host


def ensure(comfy: Comfy, kind: str, address: str, **more: Any) -> dict[str, Any]:
    """Queue a prompt of one such node and wait for it."""
    name = queue(comfy, kind, address, **more)
    return dict(until(lambda: comfy.ask("GET", "/history").json.get(name), 60))


def queue(comfy: Comfy, kind: str, address: str, **more: Any) -> str:
    """Queue such a prompt; gives its name."""
    name = str(uuid.uuid4())
    node = {"class_type": f"ModelyardEnsure{kind}", "inputs": {"address": address, **more}}
    prompt = {"7": node, "8": {"class_type": "PreviewAny", "inputs": {"source": ["7", 0]}}}
    got = comfy.ask("POST", "/prompt", {"prompt": prompt, "prompt_id": name, "client_id": "ears"})
    assert got.status == 200, got
    return name


def error(ran: dict[str, Any]) -> str:
    """What its node said."""
    assert ran["status"]["status_str"] == "error", ran
    return str(dict(ran["status"]["messages"])["execution_error"]["exception_message"])


def given(name: str) -> dict[str, Any]:
    """What a prompt shows that ended with this name."""
    return {"8": {"text": [name]}}


def test_an_address_goes_in_and_the_listed_name_comes_out(comfy: Comfy) -> None:
    ran = ensure(comfy, "LoRA", "hf:ink/wash0/wash.safetensors")
    assert ran["outputs"] == given("wash.safetensors")
    assert comfy.listed("loras") == ["wash.safetensors"]


@pytest.mark.parametrize(
    ("kind", "folder", "number"),
    [
        ("Checkpoint", "checkpoints", 1),
        ("DiffusionModel", "diffusion_models", 2),
        ("TextEncoder", "text_encoders", 3),
        ("CLIPVision", "clip_vision", 6),
        ("ControlNet", "controlnet", 7),
        ("Upscaler", "upscale_models", 8),
    ],
)
def test_each_kind_fetches_into_its_own_folder(comfy: Comfy, kind: str, folder: str, number: int) -> None:
    ran = ensure(comfy, kind, f"hf:ink/wash{number}/wash.safetensors", name="sub/renamed.safetensors")
    assert ran["outputs"] == given("sub/renamed.safetensors") and "sub/renamed.safetensors" in comfy.listed(folder)


def test_the_node_for_any_folder_takes_its_name(comfy: Comfy) -> None:
    ran = ensure(comfy, "Model", "hf:ink/wash4/wash.safetensors", folder="style_models")
    assert ran["outputs"] == given("wash.safetensors") and comfy.listed("style_models") == ["wash.safetensors"]


def test_what_is_here_is_not_fetched_again(comfy: Comfy, hub: PracticeHub) -> None:
    ensure(comfy, "VAE", "hf:ink/wash5/wash.safetensors")
    assert ensure(comfy, "VAE", "hf:ink/wash5/wash.safetensors")["outputs"] == given("wash.safetensors")
    bodies = [
        one for one in hub.log if one.method == "GET" and one.path.endswith("wash5/resolve/main/wash.safetensors")
    ]
    assert len(bodies) <= 1


def test_what_cannot_be_had_says_why_and_what_to_do(comfy: Comfy) -> None:
    nobodys = error(ensure(comfy, "LoRA", "hf:ink/nobody/x.safetensors"))
    assert nobodys.startswith("Modelyard: Hugging Face shows no model 'ink/nobody'.") and "Check the name." in nobodys
    assert "known hubs only" in error(ensure(comfy, "LoRA", "https://evil.example/x.safetensors"))
    assert "Nothing was asked for. Say an address" in error(ensure(comfy, "LoRA", ""))
    wrong = error(ensure(comfy, "LoRA", "hf:ink/wash1/other.safetensors", sha256="0" * 64))
    assert "0000000000000000… was promised" in wrong and "other.safetensors" not in comfy.listed("loras")


def test_names_that_lead_out_are_refused(comfy: Comfy) -> None:
    for name in ("../../evil.safetensors", "/etc/evil.safetensors", "run.py", ".hidden.safetensors"):
        assert error(ensure(comfy, "LoRA", "hf:ink/wash1/wash.safetensors", name=name))
    assert not list(comfy.base.rglob("evil*")) and comfy.listed("loras") == ["wash.safetensors"]


async def heard(comfy: Comfy, kind: str, address: str) -> tuple[str, dict[str, Any]]:
    """Queue such a prompt; its name, and what a page first hears of how far its node is."""
    ears = aiohttp.ClientTimeout(total=30)
    async with (
        aiohttp.ClientSession(timeout=ears) as session,
        session.ws_connect(f"{comfy.url}/ws?clientId=ears") as ws,
    ):
        name = queue(comfy, kind, address)
        async for message in ws:
            event = message.json() if message.type is aiohttp.WSMsgType.TEXT else {}
            if event.get("type") == "progress" and event["data"]["value"]:
                return name, event["data"]
    raise AssertionError("nothing was heard")


def test_the_cross_ends_the_waiting_and_not_the_download(comfy: Comfy, hub: PracticeHub) -> None:
    hub.hf.add_repo("ink/slow", {"slow.safetensors": safetensors_of_size(1_500_000)})
    hub.faults.speed = 300_000
    try:
        name, told = asyncio.run(heard(comfy, "LoRA", "hf:ink/slow/slow.safetensors"))
        assert told["node"] == "7" and 0 < told["value"] < told["max"] == 1000
        assert [task for task in comfy.ask("GET", "/modelyard/tasks").json["tasks"] if task["live"]]
        comfy.ask("POST", "/interrupt", {})
        ran = until(lambda: comfy.ask("GET", "/history").json.get(name))
        assert "execution_interrupted" in dict(ran["status"]["messages"])
    finally:
        hub.faults.speed = None
    until(lambda: "slow.safetensors" in comfy.listed("loras"))


def test_a_prompt_needs_the_service_and_so_starts_it(comfy: Comfy) -> None:
    end_service(comfy.home)
    assert ensure(comfy, "LoRA", "hf:ink/wash0/wash.safetensors")["outputs"] == given("wash.safetensors")
    assert Client(comfy.home).ask("GET", "/api/v1/session")[1]["role"] == "admin"


def test_one_address_in_two_folders_is_two_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, address = make_comfyui(tmp_path / "ComfyUI"), "hf:ink/wash0/wash.safetensors"
    monkeypatch.setitem(sys.modules, "folder_paths", folder_paths(base))
    Ensure = alone("nodes").EnsureModel
    files = {folder: model(base / "models" / folder / "wash.safetensors", 1) for folder in ("loras", "vae")}
    monkeypatch.setattr(Ensure, "_wait", lambda _, want, __: {"path": str(files[want["folder"]])})
    for folder in files:
        assert Ensure().ensure(address, folder) == ("wash.safetensors",)
    files["loras"].unlink()
    assert math.isnan(Ensure.IS_CHANGED(address=address, folder="loras", sha256=""))
    assert Ensure.IS_CHANGED(address=address, folder="vae") == Ensure.IS_CHANGED(address=["4", 0]) == ""


def uses(comfy: Comfy, title: str) -> list[int]:
    """How often the service knows that models of this title were used."""
    return [one["uses"] for one in Client(comfy.home).ask("GET", f"/api/v1/models?text={title}")[1]["models"]]


def test_each_prompt_that_ran_counts_what_its_own_nodes_made_ready(comfy: Comfy, hub: PracticeHub) -> None:
    assert comfy.ask("POST", "/modelyard/start", {}).json["running"]
    made = comfy.base.parent / "gesso.safetensors"
    hub.hf.add_repo("ink/gesso", {"gesso.safetensors": model(made, 21, ss_output_name="Gesso").read_bytes()})
    queue(comfy, "LoRA", "hf:ink/nobody/x.safetensors")  # the one that fails takes no other's
    ensure(comfy, "LoRA", "hf:ink/gesso/gesso.safetensors")
    until(lambda: uses(comfy, "Gesso") == [1])
    ensure(comfy, "LoRA", "hf:ink/gesso/gesso.safetensors")
    until(lambda: uses(comfy, "Gesso") == [2])


@pytest.mark.skipif(bool(REAL), reason="true loaders read true models")
def test_a_loaders_model_is_counted_after_its_prompt_ran(comfy: Comfy) -> None:
    assert comfy.ask("POST", "/modelyard/start", {}).json["running"]
    model(comfy.base / "models" / "checkpoints" / "used.safetensors", 20)
    Client(comfy.home).ask("POST", "/api/v1/library/scan", {})
    loaded = {"1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "used.safetensors"}}}
    assert comfy.ask("POST", "/prompt", {"prompt": loaded, "prompt_id": "used"}).status == 200
    query = "/api/v1/models?sort=uses&descending=true&folder=checkpoints"
    until(lambda: [one["uses"] for one in Client(comfy.home).ask("GET", query)[1]["models"]][:1] not in ([], [0]))


def test_a_name_that_is_not_listed_is_the_hosts_own_refusal(comfy: Comfy, tmp_path: Path) -> None:
    loaded = {"1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "nowhere.safetensors"}}}
    assert comfy.ask("POST", "/prompt", {"prompt": loaded}).status == 400
