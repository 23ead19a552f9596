"""Load + repair + save: stsbench and its peers as warm workers, in turn, on two cores each.

    python benchmarks/repair/speed.py [--sizes 50k 200k 1M] [--rounds 7] [--peers meshlib vtk ...]
        [--stages] [--process] [--compiling]

Each round runs every worker once on the same file, one after the other, so that a busy machine slows
all of them alike; the tables show medians and ratios of medians. Memory is the peak of the worker's
process while it did the job. `--stages` adds where the time goes beside what must be moved,
`--process` times the command `stsbench repair` as a whole process, `--compiling` compiles every
kernel of a repair into an empty cache.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cases import make_case, work_folder
from peers import PEERS, Peer, Run
from stage_times import print_stages

FAST = ("stsbench", "meshlib", "meshlib-unfixed", "vtk", "libigl")
SLOW = ("pymeshfix", "pymeshlab", "trimesh")


def race(size: str, names: list[str], rounds: int, folder: Path) -> dict[str, list[Run]]:
    """Run all workers in turn; the first run of each warms it and does not count."""
    source = make_case(f"arch-{size}").file()
    workers = [Peer(name) for name in names]
    runs: dict[str, list[Run]] = {name: [] for name in names}
    try:
        for turn in range(rounds + 1):
            for worker in workers:
                if turn > 1 and worker.name in SLOW:
                    continue  # once is enough to see by how much
                run = worker.repair(source, folder / f"{worker.name}.ply")
                if turn or run.error:
                    runs[worker.name].append(run)
    finally:
        for worker in workers:
            worker.close()
    return runs


def print_race(size: str, runs: dict[str, list[Run]]) -> float:
    """Print one table; return the product's median."""
    ours = statistics.median(run.wall_s for run in runs["stsbench"])
    ours_cpu = statistics.median(run.cpu_s for run in runs["stsbench"])
    print(f"\n| {size} | wall s (least) | CPU s | peak MiB | ratio wall | ratio CPU | task |")
    print("|---|---|---|---|---|---|---|")
    for name, each in runs.items():
        if each and each[0].error:
            print(f"| {name} | {each[0].error} | | | | | |")
            continue
        wall = statistics.median(run.wall_s for run in each)
        cpu = statistics.median(run.cpu_s for run in each)
        print(
            f"| {name} | {wall:.3f} ({min(run.wall_s for run in each):.3f}) | {cpu:.3f} "
            f"| {max(run.peak_mib for run in each):.0f} | {wall / ours:.1f}x "
            f"| {cpu / ours_cpu:.1f}x | {PEERS[name]} |"
        )
    return ours


def _timed(words: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Wall and CPU seconds of one process."""
    before = os.times()
    start = time.perf_counter()
    subprocess.run(words, env=environment, check=False, capture_output=True)
    wall = time.perf_counter() - start
    after = os.times()
    cpu = after.children_user + after.children_system
    return wall, cpu - before.children_user - before.children_system


def print_process(size: str, rounds: int, folder: Path) -> None:
    """Time the command as a user starts it."""
    source = make_case(f"arch-{size}").file()
    command = Path(sys.executable).parent / "stsbench"
    rows = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "one stored kernel": [
            sys.executable,
            "-c",
            "import numpy as np; from stsbench.geometry.face_measures import box_of; "
            "box_of(np.zeros((3, 3)))",
        ],
        f"stsbench repair, {size}": [
            str(command),
            "repair",
            str(source),
            "-o",
            str(folder / "o.ply"),
        ],
    }
    print("\n| process | wall s | least | CPU s |\n|---|---|---|---|")
    for name, words in rows.items():
        times = [_timed(words, dict(os.environ)) for _ in range(rounds + 1)][1:]
        walls, cpus = zip(*times, strict=True)
        print(
            f"| {name} | {statistics.median(walls):.2f} | {min(walls):.2f} "
            f"| {statistics.median(cpus):.2f} |"
        )


def print_compiling(folder: Path) -> None:
    """Compile what a repair needs, as on a new machine."""
    source = make_case("arch-50k").file()
    print("\n| into an empty cache | wall s | CPU s |\n|---|---|---|")
    for name, words in (
        ("one repair", [f"import stsbench; stsbench.repair_file({str(source)!r}, 'o.ply')"]),
        (
            "`stsbench setup`, models too",
            ["from stsbench.workflow.machine import *; compile_kernels()"],
        ),
    ):
        cache = folder / name.replace("`", "").replace(" ", "-")
        environment = dict(os.environ) | {"STSBENCH_CACHE": str(cache)}
        os.chdir(folder)
        wall, cpu = _timed([sys.executable, "-c", *words], environment)
        print(f"| {name} | {wall:.1f} | {cpu:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="*", default=["50k", "200k", "1M"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peers", nargs="*", default=[*FAST[1:], *SLOW])
    parser.add_argument("--stages", action="store_true")
    parser.add_argument("--process", action="store_true")
    parser.add_argument("--compiling", action="store_true")
    options = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} at the start; files in {work_folder()}")
    medians: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in options.sizes:
            names = ["stsbench", *(n for n in options.peers if size != "1M" or n not in SLOW)]
            medians[size] = print_race(size, race(size, names, options.rounds, folder))
        if {"200k", "1M"} <= set(medians):
            print(f"\nt(1M) / t(200k) = {medians['1M'] / medians['200k']:.2f}")
        if options.stages:
            for size in options.sizes:
                print_stages(make_case(f"arch-{size}").file(), size)
        if options.process:
            print_process("200k", options.rounds, folder)
        if options.compiling:
            print_compiling(folder)


if __name__ == "__main__":
    main()
