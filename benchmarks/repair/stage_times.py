"""Where the time of a repair goes, stage by stage, beside the bytes each stage must move.

A stage's floor is what it must read and write once, at the speed at which this machine copies
memory. CPU time counts both threads.
"""

import functools
import importlib
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

__all__ = ["print_stages"]

# Module, name, and what it must move: per face and per vertex, in bytes, read and written.
STAGES: tuple[tuple[str, str, int, int], ...] = (
    ("workflow.loose_files", "repair_file", 0, 0),
    ("files.scans", "read_scan", 50 + 12, 24),
    ("repair.tidying", "start_draft", 24, 60),
    ("repair.draft", "half_edge_twins", 24, 0),
    ("repair.draft", "join_faces", 24 + 5, 0),
    ("repair.tidying", "_drop_what_is_no_face", 24 + 48, 24),
    ("repair.tidying", "_drop_fins", 24, 0),
    ("repair.tidying", "_wind", 24 + 5, 24),
    ("repair.tidying", "count_fans", 24, 4),
    ("repair.tidying", "find_islands", 24 + 4, 24),
    ("repair.draft", "drop_faces", 48, 0),
    ("repair.pipeline", "plan_loops", 24, 24),
    ("repair.cutting", "sum_and_count", 12, 24 + 32),
    ("repair.cutting", "spread_normals", 12, 96),
    ("repair.cutting", "spike_vertices", 24, 24),
    ("repair.cutting", "overturned_faces", 13, 56),
    ("repair.cutting", "build_tree", 12 + 40, 24),
    ("repair.cutting", "flat_stars", 12, 24 + 33),
    ("repair.cutting", "self_meetings", 12 + 24 + 12, 24),
    ("repair.pipeline", "cut_defects", 48, 0),
    ("repair.patching", "fill_loops", 0, 0),
    ("repair.pipeline", "_made", 24 + 12, 48),
    ("files.scans", "write_scan", 12 + 13, 24 + 12),
)


def copy_speed() -> float:
    """Bytes per second that one thread reads and writes, over arrays of a scan's size."""
    source = np.zeros(10_000_000, np.uint8)
    target = np.empty_like(source)
    best = 1e9
    for _ in range(9):
        start = time.perf_counter()
        target[:] = source
        best = min(best, time.perf_counter() - start)
    return 2 * len(source) / best


def print_stages(source: Path, title: str, rounds: int = 5) -> None:
    """Print one table."""
    import stsbench
    from stsbench.files.scans import read_scan

    mesh = read_scan(source)
    spent: dict[str, list[tuple[float, float]]] = {}
    undo = []
    for module_name, name, _, _ in STAGES:
        module = importlib.import_module(f"stsbench.{module_name}")
        original = getattr(module, name)

        def timed(*args, _call=original, _name=name, **options):
            wall, cpu = time.perf_counter(), time.process_time()
            try:
                return _call(*args, **options)
            finally:
                spent.setdefault(_name, []).append(
                    (time.perf_counter() - wall, time.process_time() - cpu)
                )

        setattr(module, name, functools.wraps(original)(timed))
        undo.append((module, name, original))
    repair = importlib.import_module("stsbench.workflow.loose_files").repair_file
    assert stsbench.repair_file is repair
    with tempfile.TemporaryDirectory() as folder:
        repair(source, Path(folder) / "o.ply")
        spent.clear()
        for _ in range(rounds):
            repair(source, Path(folder) / "o.ply")
    for module, name, original in undo:
        setattr(module, name, original)
    speed = copy_speed()
    print(
        f"\n{title}: {mesh.face_count} faces, {mesh.vertex_count} vertices, "
        f"one thread copies {speed / 1e9:.0f} GB/s"
    )
    print("| stage | wall ms | CPU ms | must move MB | floor ms | CPU / floor |")
    print("|---|---|---|---|---|---|")
    for _, name, per_face, per_vertex in STAGES:
        times = spent.get(name, [])
        if not times:
            continue
        calls = len(times) // rounds
        wall = 1e3 * calls * statistics.median(each[0] for each in times)
        cpu = 1e3 * calls * statistics.median(each[1] for each in times)
        moved = per_face * mesh.face_count + per_vertex * mesh.vertex_count
        floor = 1e3 * moved / speed
        least = f"{moved / 1e6:.1f} | {floor:.2f} | {cpu / floor:.0f}x" if moved else "| | "
        print(f"| {name.strip('_')} | {wall:.1f} | {cpu:.1f} | {least} |")
