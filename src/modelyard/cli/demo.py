"""`modelyard demo`: a whole download with no account and no network."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelyard.cli.get import show_outcomes
from modelyard.cli.options import stopping
from modelyard.cli.progress import shown
from modelyard.cli.telling import Teller
from modelyard.jobs.wish import Wish

if TYPE_CHECKING:
    from modelyard.testing import PracticeHub

_SIZE, _SMALL = 32 * 2**20, 4 * 2**20


@click.command()
@click.option("--to", metavar="FOLDER", default="modelyard-demo", show_default=True, help="Where the model goes.")
@click.option("--serve", is_flag=True, help="Only start the practice hub and say how to use it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")
def command(to: str, serve: bool, as_json: bool) -> int:
    """Start a practice hub on this machine and fetch a model from it, through the whole path.

    The model comes in two forms, safetensors and GGUF.
    """
    from modelyard.app import App
    from modelyard.testing import PracticeHub

    if serve:
        from modelyard.testing.__main__ import main

        sys.argv = ["modelyard demo --serve"]
        main()
        return 0
    teller = Teller(as_json=as_json)
    with PracticeHub() as hub:
        address = _stock(hub)
        environ = {**os.environ, **hub.env()}
        teller.note(f"A practice hub runs at {hub.url}; it speaks like Hugging Face, and it breaks off in the middle.")
        teller.note(f"$ HF_ENDPOINT={hub.url} modelyard get {address} --to {to}/")
        with App(environ) as app:
            download = app.download(Wish([address], to=f"{to}/"))
            planned = download.plan()
            with stopping(download.stop), shown(download, planned, teller) as tick:
                download.run(planned, tick)
            code = show_outcomes(download, teller)
    if code == 0:
        teller.note(f"The model is in {Path(to).absolute()}, its SHA-256 as the hub promised.")
        teller.note("Now with a real one: modelyard get hf:owner/repo/file --to FOLDER/")
    return code


def _stock(hub: PracticeHub) -> str:
    """Put a small valid model on the hub, whose first download is cut once; its address."""
    card = b"# A practice model\n\nMade on this machine, safe to delete.\n"
    config = b'{"architectures": ["PracticeModel"], "model_type": "practice"}\n'
    models = {"model.safetensors": _SIZE, "model-I8.gguf": _SMALL}
    hub.hf.add_repo("practice/model", {**models, "config.json": config, "README.md": card})
    hub.faults.use("cut_once", "*model.safetensors*")
    return "hf:practice/model"
