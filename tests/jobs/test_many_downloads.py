"""One App, many downloads: nothing of a finished one stays in memory."""

import gc
import os
import threading
from pathlib import Path

from modelyard.app import App
from modelyard.engine.progress import Progress
from modelyard.engine.run import Run
from modelyard.jobs.download import Download
from modelyard.jobs.wish import Outcome, Wish
from modelyard.net.stop import Stop
from modelyard.testing import PracticeHub


def living() -> dict[str, int]:
    gc.collect()
    kinds = (Download, Outcome, Progress, Run, Stop)
    everything = gc.get_objects()
    return {kind.__name__: sum(type(each) is kind for each in everything) for kind in kinds}


def test_finished_downloads_leave_no_object_and_no_thread(hub: PracticeHub, tmp_path: Path) -> None:
    with App({**os.environ, **hub.env()}) as app:
        before, threads = living(), threading.active_count()
        for number in range(30):
            url = hub.add_file(f"{number}.safetensors", 9 * 2**20 if number % 10 == 0 else 5000)
            download = app.download(Wish([url], to=f"{tmp_path}/"))
            (outcome,) = download.run(download.plan())
            assert outcome.error is None
            del download, outcome
        assert living() == before
        assert app.pool.idle <= 64
        assert len(app.stop._children) == 0
        assert threading.active_count() <= threads + app.pool.idle  # the practice hub keeps one for each connection
