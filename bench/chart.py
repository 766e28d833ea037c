"""A chart of the transfer bench as SVG, for light and dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, EDGE, LABEL, BAR, LINE, HEAD = 800, 20, 190, 370, 22, 34
_STYLE = """
    svg { font: 13px system-ui, sans-serif }
    .page { fill: #ffffff } .text { fill: #1f2937 } .soft { fill: #6b7280 }
    .ours { fill: #0f766e } .other { fill: #cbd5e1 }
    .head { font-weight: 600 } .end { text-anchor: end }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117 } .text { fill: #e5e7eb } .soft { fill: #9ca3af }
      .ours { fill: #2dd4bf } .other { fill: #475569 }
    }
"""
_WORDS = {"yes": "verified", "no": "not verified", "measured": "hash measured"}


@dataclass(frozen=True)
class Group:
    """One workload: what it says, and a (name, seconds, verifies) for each program."""

    says: str
    bars: Sequence[tuple[str, float, str]]


def chart(groups: Sequence[Group], foot: str) -> str:
    """The picture; bars of a workload share a scale, workloads do not.

    Args:
        foot: What the figures were measured on.
    """
    parts, at = [_text(EDGE, 30, "Seconds until the files are there: shorter is better", "text head")], 44
    for group in groups:
        parts.append(_text(EDGE, at + 22, group.says, "text head"))
        at += HEAD
        most = max(seconds for _, seconds, _ in group.bars)
        for name, seconds, verifies in group.bars:
            parts += _bar(at, name, seconds, most, _WORDS.get(verifies, ""))
            at += LINE
    parts.append(_text(EDGE, at + 26, foot, "soft"))
    return _page(at + 44, parts)


def _bar(at: int, name: str, seconds: float, most: float, note: str) -> list[str]:
    kind = "ours" if name.startswith("modelyard") else "other"
    width = max(2.0, BAR * seconds / most)
    left = EDGE + LABEL
    return [
        _text(left - 10, at + 14, name, "text end"),
        f'<rect class="{kind}" x="{left}" y="{at + 2}" width="{width:.1f}" height="{LINE - 6}" rx="3"/>',
        _text(left + width + 8, at + 14, f"{seconds:.2f} s{', ' + note if note else ''}", "soft"),
    ]


def _text(x: float, y: int, words: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y}">{escape(words)}</text>'


def _page(height: int, parts: Sequence[str]) -> str:
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    ground = f'<rect class="page" width="{WIDTH}" height="{height}" rx="8"/>'
    inner = "\n  ".join([f"<style>{_STYLE}  </style>", ground, *parts])
    return f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}>\n  {inner}\n</svg>\n'
