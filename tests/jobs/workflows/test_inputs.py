"""What ComfyUIs say of their nodes: each for itself, and together only what they agree on."""

from __future__ import annotations

from modelyard.jobs.workflows.inputs import Inputs


def test_a_widget_is_known_by_its_name_and_by_its_place() -> None:
    inputs = Inputs()
    inputs.keep("/comfy/models", [("Odd", "file", 3, "unet")])
    expected = {("Odd", "file"): "diffusion_models", ("Odd", "#3"): "diffusion_models"}
    assert inputs.folders("/comfy/models") == inputs.folders("") == inputs.folders("/elsewhere") == expected


def test_of_several_comfyuis_each_has_its_own_word_and_others_take_what_all_agree_on() -> None:
    inputs = Inputs()
    inputs.keep("/a", [("Odd", "file", 0, "loras"), ("Same", "file", 0, "vae")])
    inputs.keep("/b", [("Odd", "file", 0, "vae"), ("Same", "file", 0, "vae"), ("Own", "file", 0, "gligen")])
    assert (inputs.folders("/a")["Odd", "file"], inputs.folders("/b")["Odd", "file"]) == ("loras", "vae")
    told = inputs.folders("")
    assert [told[node, "file"] for node in ("Odd", "Same", "Own")] == ["", "vae", "gligen"]
    inputs.keep("/a", [])
    assert inputs.folders("")["Odd", "file"] == "vae", "what it said before is forgotten"


def test_the_ones_that_told_long_ago_are_forgotten() -> None:
    inputs = Inputs()
    for number in range(20):
        inputs.keep(f"/{number}", [("Odd", str(number), 0, "vae")])
    assert ("Odd", "19") in inputs.folders("") and ("Odd", "1") not in inputs.folders("")
