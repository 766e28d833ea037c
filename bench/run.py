"""`python3 run.py bench NAME`: measure ourselves, interleaved with others.

transfer [WORKLOAD...]   big, tls, disk, eight, many, limited, latency (all by default), tiny; --chart FILE.svg draws it
faults [SCENARIO...]     the 44 network faults: what is recovered, at what cost, and that nothing wrong is called right
limits                   speed limits over 8 and 16 connections: what comes in ten seconds
kills                    kill -9 every 1.5 s until it is done
delta                    what a new version reuses of the old one: aligned pieces beside content-defined chunks
library [MODELS]         a library of 100,000 models: scans, pages, memory
page [MODELS]            the web page with such a library in Chromium: first cards, scrolling, far jumps
identify FOLDER          a folder of true headers: how many are named right, and that none is certain and wrong
listing [MODELS]         pages of 10,000 LoRAs beside --lora-manager and --comfyui, where they are given
yard                     the service: 10,000 tasks, a restart, 100 listeners with 64 transfers, idle
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))


def main() -> int:
    """Read the command line and run a bench."""
    parser = argparse.ArgumentParser(
        prog="run.py bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "name",
        choices=["transfer", "faults", "limits", "kills", "delta", "library", "page", "identify", "listing", "yard"],
    )
    parser.add_argument("workloads", nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scratch", type=Path, help="on tmpfs; needs 10 GB (default: /dev/shm)")
    parser.add_argument("--disk", type=Path, default=Path.cwd(), help="a folder on a real disk")
    parser.add_argument("--lora-manager", type=Path, help="a checkout of ComfyUI-Lora-Manager with its own .venv")
    parser.add_argument("--comfyui", type=Path, help="a checkout of ComfyUI")
    parser.add_argument("--chart", type=Path, help="write a chart of the transfers there")
    parser.add_argument("--table", type=Path, help="write the table of faults there, as Markdown")
    parser.add_argument("--jobs", type=int, default=2, help="faults at once")
    chosen = parser.parse_args()
    base = chosen.scratch or (Path("/dev/shm") if Path("/dev/shm").is_dir() else Path(tempfile.gettempdir()))
    scratch = Path(tempfile.mkdtemp(prefix="modelyard-bench-", dir=base))
    scratch.chmod(0o755)  # nginx serves as another user
    disk = Path(tempfile.mkdtemp(prefix="modelyard-bench-", dir=chosen.disk))
    try:
        if chosen.name == "limits":
            from limits import bench as limit_bench

            return limit_bench(scratch)
        if chosen.name == "kills":
            from kills import bench as kill_bench

            return kill_bench(scratch)
        if chosen.name == "delta":
            from delta import bench as delta_bench

            return delta_bench(scratch)
        if chosen.name == "library":
            from shelves import bench as library_bench

            return library_bench(disk, *map(int, chosen.workloads[:1]))
        if chosen.name == "identify":
            from naming import bench as naming_bench

            return naming_bench(Path(chosen.workloads[0] if chosen.workloads else "."))
        if chosen.name == "page":
            from page import bench as page_bench

            return page_bench(disk, *map(int, chosen.workloads[:1]))
        if chosen.name == "listing":
            from listing import bench as listing_bench

            return listing_bench(disk, chosen.lora_manager, chosen.comfyui, *map(int, chosen.workloads[:1]))
        if chosen.name == "yard":
            from yard import bench as yard_bench

            return yard_bench(scratch, disk)
        if chosen.name == "faults":
            from faults import bench as fault_bench

            return fault_bench(scratch, chosen.workloads, chosen.jobs, chosen.table)
        from transfer import bench

        return bench(chosen.rounds, chosen.workloads, scratch, disk, chosen.chart and chosen.chart.absolute())
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.rmtree(disk, ignore_errors=True)


if __name__ == "__main__":
    raise SystemExit(main())
