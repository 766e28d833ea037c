"""What is wrong with each root: what its folder shows now, what the last scan met, what the catalogue knows."""

from __future__ import annotations

from modelyard.jobs.stock import Stock
from modelyard.library.roots.looking import problems_of
from modelyard.library.roots.roots import Problem, Roots

_MOST = 1000
_ENDINGS = {"safetensors": ".safetensors", "gguf": ".gguf", "onnx": ".onnx", "torch": ".pt"}


def problems_by_root(stock: Stock, roots: Roots) -> dict[str, list[Problem]]:
    """What their owner should know, and how to mend it, by the path of the root."""
    found = problems_of(roots.all, stock.folder)
    if stock.unwatched:
        for one in roots.all:
            found.setdefault(str(one.path), []).append(_unwatched(str(one.path), stock.unwatched))
    for root, problems in stock.last_problems.items():
        found.setdefault(root, []).extend(problems)
    for root, path, form in stock.catalogue.misnamed(_MOST):
        words = f"Its name says another format than its content, which is {form}."
        told = Problem(
            "wrong-extension", path, words, f"Rename the file to end in {_ENDINGS.get(form, form)}, and scan."
        )
        found.setdefault(root, []).append(told)
    return {root: problems for root, problems in found.items() if problems}


def _unwatched(path: str, why: str) -> Problem:
    return Problem(
        "unwatched",
        path,
        f"Changes are not seen at once, only by a scan every few minutes: {why}",
        "On Linux raise the limit: sysctl fs.inotify.max_user_watches=524288 (and max_user_instances), then restart.",
    )
