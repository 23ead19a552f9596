"""Mesh libraries as warm workers, each in a process of its own.

    with Peer("meshlib") as peer:
        run = peer.repair(path_in, path_out)      # Run: wall_s, cpu_s, peak_mib, error

The peers live in an environment of their own, never in the product's: `STSBENCH_PEERS` names its
Python, or `peers_python` makes one from `benchmarks/requirements.txt` in the work folder.
`stsbench` is a worker like the others, in the Python that runs this.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from cases import work_folder

__all__ = ["PEERS", "Peer", "Run", "peers_python"]

# What each does of the task, for the tables.
PEERS = {
    "stsbench": "all",
    "meshlib": "all but folds and spikes",
    "meshlib-unfixed": "self-intersections stay",
    "vtk": "self-intersections, non-manifold edges and some holes stay",
    "libigl": "fills nothing",
    "pymeshfix": "moves true surface",
    "pymeshlab": "flat fills",
    "trimesh": "fills holes of 3 and 4 edges",
}
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Run:
    """One repair by one library."""

    wall_s: float
    cpu_s: float
    peak_mib: float
    rss_mib: float
    error: str = ""


def peers_python() -> Path:
    """Return the Python that has the peers, making it when there is none."""
    given = os.environ.get("STSBENCH_PEERS")
    if given:
        return Path(given)
    folder = work_folder() / "peers"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        wanted = _HERE.parent / "requirements.txt"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", wanted], check=True)
        (folder / "complete").touch()
    return python


class Peer:
    """A library, loaded and waiting for scans.

    Parameters
    ----------
    name : str
        One of `PEERS`.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        python = Path(sys.executable) if name == "stsbench" else peers_python()
        self._process = subprocess.Popen(
            [python, _HERE / "peer_worker.py", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        ready = self._answer()
        self.ready_s, self.base_mib = float(ready["ready_s"]), float(ready["base_mib"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def repair(self, path_in: Path, path_out: Path) -> Run:
        """Load, repair and save one scan."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"in": str(path_in), "out": str(path_out)}) + "\n")
        self._process.stdin.flush()
        return Run(**self._answer())

    def close(self) -> None:
        """End the worker."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(timeout=60)

    def _answer(self) -> dict:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} died with {self._process.wait()}.")
        return json.loads(line)
