"""Memory of the browser's processes that this process started, from /proc.

Resident counts what lies in memory now; proportional shares what several processes map (libraries,
the browser's own shared memory) among them.
"""

import os
from pathlib import Path

__all__ = ["process_bytes"]

KINDS = {"renderer": b"--type=renderer", "gpu": b"--type=gpu-process"}
NO_PAGE = b"--top-chrome-webui"  # the browser's own surface


def process_bytes() -> dict[str, int]:
    """Return resident and proportional bytes of the largest renderer and GPU process below this."""
    parents: dict[int, int] = {}
    found: list[tuple[int, str]] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "status").read_text()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        pid = int(folder.name)
        parents[pid] = int(fields["PPid"])
        found += [
            (pid, kind)
            for kind, word in KINDS.items()
            if word in command and NO_PAGE not in command
        ]
    sizes = {f"{kind}_{what}": 0 for kind in KINDS for what in ("rss", "pss")}
    for pid, kind in found:
        if not _is_ours(pid, parents):
            continue
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        parts = dict(line.split(":", 1) for line in text.splitlines()[1:])
        for what in ("rss", "pss"):
            value = int(parts[what.title()].split()[0]) * 1024
            sizes[f"{kind}_{what}"] = max(sizes[f"{kind}_{what}"], value)
    return sizes


def _is_ours(pid: int, parents: dict[int, int]) -> bool:
    while pid > 1:
        if pid == os.getpid():
            return True
        pid = parents.get(pid, 0)
    return False
