"""Our own moves, duplicates and sums, in each database."""

from __future__ import annotations

from modelyard.catalogue.asking import Asking
from modelyard.catalogue.catalogue import Catalogue
from modelyard.catalogue.model import FileFacts
from modelyard.catalogue.relocating import Relocation
from modelyard.values.about import About, Own
from modelyard.values.identity import Identity

from .conftest import Make


def relocation(number: int, old: str, new: str, *, gone: bool = False) -> Relocation:
    return Relocation(
        model=number,
        path=new,
        root="/models/vae",
        folder="vae",
        place=new.rsplit("/", 1)[-1],
        name=new.rsplit("/", 1)[-1].rsplit(".", 1)[0],
        files={old: new},
        gone=gone,
    )


def test_a_relocated_model_is_the_same_at_another_place(catalogue: Catalogue, make: Make) -> None:
    entry = make("old.safetensors", About(own=Own(notes="mine", tags=("nice",))))
    (number,) = catalogue.keep([entry])
    catalogue.measured({entry.path: {"sha256": "a" * 64}}, 5.0)
    new = "/models/vae/fresh.safetensors"
    facts = {new: FileFacts(new, 100, 5_000_000_000, 2, 77)}
    for _ in range(2):  # after a crash it is told again
        assert catalogue.relocate(relocation(number, entry.path, new), facts)
    details = catalogue.details(number)
    assert (details.model.path, details.model.folder, details.model.notes) == (new, "vae", "mine")
    assert (details.model.title, details.own_tags, details.files[0].sha256) == ("fresh", ("nice",), "a" * 64)
    assert [one.id for one in catalogue.page(Asking(text="fresh")).models] == [number]
    assert catalogue.page(Asking(text="old")).models == []
    assert catalogue.stamps("/models/vae").files[new].inode == 77
    assert catalogue.facets(Asking()).counts["folder"] == {"vae": 1}
    assert not catalogue.relocate(relocation(99, "/x", "/y"), {})


def test_who_stood_at_the_place_before_is_not_forgotten(catalogue: Catalogue, make: Make) -> None:
    lost, one = catalogue.keep([make("a.safetensors", About(own=Own(notes="lost"))), make("b.safetensors")])
    catalogue.lose([lost])
    catalogue.relocate(relocation(one, "/models/loras/b.safetensors", "/models/loras/a.safetensors"), {})
    assert catalogue.at("/models/loras/a.safetensors").id == one
    assert catalogue.get(lost).notes == "lost"
    (again,) = catalogue.keep([make("b.safetensors")])
    assert again not in (lost, one)


def test_what_a_scan_saw_a_moment_too_early_is_one_model(catalogue: Catalogue, make: Make) -> None:
    (one,) = catalogue.keep([make("a.safetensors")])
    (early,) = catalogue.keep([make("b.safetensors")])
    catalogue.relocate(relocation(one, "/models/loras/a.safetensors", "/models/loras/b.safetensors"), {})
    assert [model.id for model in catalogue.page(Asking()).models] == [one]
    assert early != one


def test_a_model_in_the_trash_is_not_listed(catalogue: Catalogue, make: Make) -> None:
    (one,) = catalogue.keep([make("a.safetensors")])
    away = "/models/loras/.modelyard-trash/1/files/a.safetensors.trashed"
    seen = catalogue.events.newest
    catalogue.relocate(relocation(one, "/models/loras/a.safetensors", away, gone=True), {})
    assert [(event.kind, event.data["ids"]) for event in catalogue.events.since(seen).events] == [("model.gone", [one])]
    assert catalogue.page(Asking()).models == []
    assert catalogue.get(one).gone == 1_000_000.0


def test_doubles_are_files_with_the_same_measured_bytes(catalogue: Catalogue, make: Make) -> None:
    names = ("a.safetensors", "b.safetensors", "c.safetensors", "d.safetensors", "gone.safetensors")
    numbers = catalogue.keep([make(name) for name in names])
    same, other = {"sha256": "a" * 64, "tensor-sha256": "e" * 64}, {"sha256": "b" * 64, "tensor-sha256": "e" * 64}
    found = dict(zip((f"/models/loras/{name}" for name in names), (same, same, other, {}, same), strict=True))
    catalogue.measured({path: digests for path, digests in found.items() if digests}, 5.0)
    catalogue.lose(numbers[-1:])
    groups, alike = catalogue.doubles()
    assert [[one.model for one in group] for group in groups] == [numbers[:2]]
    assert [[one.model for one in group] for group in alike] == [numbers[:3]]
    catalogue.restamp("/models/loras/b.safetensors", (100, 7_000_000_000, 1, 5))
    catalogue.restamp("/models/loras/unknown.safetensors", (1, 1, 1, 1))
    (group,), _ = catalogue.doubles()
    assert [(one.mtime_ns, one.inode) for one in group][1] == (7_000_000_000, 5)
    assert catalogue.get(numbers[1]).modified == 7.0


def test_hard_links_take_their_room_once(catalogue: Catalogue, make: Make) -> None:
    def kept(name: str, kind: str, inode: int, **more: int) -> int:
        return catalogue.keep([make(name, identity=Identity("safetensors", kind), inode=inode, **more)])[0]

    kept("a.pt", "lora", 7, size=100)
    kept("b.pt", "vae", 7, size=100)
    kept("c.pt", "vae", 8, size=30)
    kept("unknown.pt", "lora", 0, size=5)
    kept("no inodes.pt", "lora", 0, size=5)
    sums, idle, _ = catalogue.space(2_000_000.0)
    assert [(part.name, part.models, part.size) for part in sums["kind"]] == [("lora", 3, 110), ("vae", 2, 30)]
    assert [(part.models, part.size) for part in sums["root"]] == [(5, 140)]
    assert (idle.models, idle.size) == (5, 140)
    catalogue.used([("/models/loras/b.pt", 2_500_000.0, "2026-01-01")])
    idle = catalogue.space(2_000_000.0)[1]
    assert (idle.models, idle.size) == (4, 40), "what a used model needs too would not come back"
    catalogue.lose_paths(["/models/loras/a.pt"])
    assert [(part.name, part.size) for part in catalogue.space(2_000_000.0)[0]["kind"]] == [("vae", 130), ("lora", 10)]


def test_sums_and_the_unused(catalogue: Catalogue, make: Make) -> None:
    numbers = catalogue.keep([make(f"{at}.safetensors", size=100 * at) for at in (1, 2, 3)])
    catalogue.describe(numbers[0], lambda about: About(hub="civitai", model_id="1", gone=True))
    catalogue.used([("/models/loras/3.safetensors", 1_500_000.0, "2026-01-01")])
    sums, unused, known = catalogue.space(1_200_000.0)
    assert [(part.name, part.models, part.size) for part in sums["hub"]] == [("", 2, 500), ("civitai", 1, 100)]
    assert (unused.models, unused.size, known) == (2, 300, True)
    idle = catalogue.idle(1_200_000.0, 10)
    assert [(one.model.id, one.removed) for one in idle] == [(numbers[1], False), (numbers[0], True)]
    assert [one.model.id for one in catalogue.idle(1_200_000.0, 10, (200, numbers[1]))] == [numbers[0]]
    assert catalogue.space(1_000_000.0)[1].models == 0
