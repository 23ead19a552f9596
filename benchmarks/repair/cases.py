"""The scans that speed and quality are measured on: made arches with planted defects, real ones.

    for case in cases(["arch-200k", "cast-damaged-1"]): ...
    case.mesh      what a repair gets
    case.truth     DamageTruth (what was planted where), or None for a scan as it came
    case.clean     the scan before the defects, or None

Everything is made from seeds, so a case is the same bytes everywhere. Made arches are kept as NPZ in
the folder `STSBENCH_BENCHMARKS` (default: `stsbench-benchmarks` in the user's cache), because one
of a million faces takes two minutes to make. Real scans come from `STSBENCH_SCANS`; without that
folder their cases are left out.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import platformdirs

from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import TriangleMesh
from stsbench.files.scans import read_scan, write_scan
from stsbench.samples.arch_plan import ArchPlan
from stsbench.samples.arches import make_arch
from stsbench.samples.damage import DamageTruth, PlannedDefect, damage_scan

__all__ = ["CASES", "Case", "cases", "make_case", "work_folder"]

SCANS = Path(os.environ.get("STSBENCH_SCANS", Path(__file__).parents[3] / "shared" / "scans"))

# Every kind, as many as a bad scan has; a scan of a million faces has no more than one of 50,000.
DAMAGE: tuple[PlannedDefect, ...] = (
    ("interproximal_holes", {"count": 4}),
    ("occlusal_hole", {}),
    ("folds", {"count": 6}),
    ("flipped_faces", {"singles": 40}),
    ("duplicate_vertices", {}),
    ("moisture_bubbles", {"count": 4}),
    ("spikes", {"count": 12}),
    ("bow_ties", {"count": 10}),
    ("fins", {"count": 20}),
    ("pinholes", {"count": 60}),
    ("duplicate_faces", {"count": 20}),
    ("degenerate_faces", {"count": 20}),
    ("islands", {"count": 8}),
    ("moebius_band", {}),
    ("unreferenced_vertices", {"count": 20}),
)
# On a real scan: no contacts or teeth are known, and its ragged border leaves less room.
DAMAGE_REAL: tuple[PlannedDefect, ...] = (
    ("folds", {"count": 4}),
    ("flipped_faces", {"singles": 20}),
    ("spikes", {"count": 8}),
    ("bow_ties", {"count": 6}),
    ("fins", {"count": 10}),
    ("pinholes", {"count": 25}),
    ("duplicate_faces", {"count": 10}),
    ("degenerate_faces", {"count": 10}),
    ("islands", {"count": 5}),
)


@dataclass(frozen=True, eq=False)
class Case:
    """A scan to repair.

    Parameters
    ----------
    name : str
    clean : TriangleMesh
        Before anything was planted; the scan itself where nothing was.
    plan : tuple of (name, options)
        What is planted.
    seed : int
        Of the planting.
    """

    name: str
    clean: TriangleMesh
    plan: tuple[PlannedDefect, ...] = ()
    seed: int = 0

    @cached_property
    def _damaged(self) -> tuple[TriangleMesh, DamageTruth | None]:
        if not self.plan:
            return self.clean, None
        return damage_scan(self.clean, self.seed, self.plan)

    @property
    def mesh(self) -> TriangleMesh:
        """What a repair gets."""
        return self._damaged[0]

    @property
    def truth(self) -> DamageTruth | None:
        """What was planted where."""
        return self._damaged[1]

    def file(self, suffix: str = ".stl") -> Path:
        """Return the case as a file, written once."""
        path = work_folder() / f"{self.name}{suffix}"
        if not path.exists():
            write_scan(self.mesh, path)
        return path


def work_folder() -> Path:
    """Return the folder that keeps made scans and results."""
    override = os.environ.get("STSBENCH_BENCHMARKS")
    folder = Path(override or platformdirs.user_cache_dir("stsbench-benchmarks", False))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _arch(faces: int, seed: int, arch: Arch) -> TriangleMesh:
    kept = work_folder() / f"{arch.value}-{seed}-{faces}.npz"
    if not kept.exists():
        mesh = make_arch(ArchPlan(arch, seed=seed), faces=faces).mesh
        aside = kept.with_suffix(".part.npz")
        named = {f"attribute_{name}": values for name, values in mesh.attributes.items()}
        np.savez(aside, vertices=mesh.vertices, faces=mesh.faces, colours=mesh.colours, **named)
        aside.replace(kept)
    with np.load(kept) as data:
        named = {n.removeprefix("attribute_"): data[n] for n in data if n.startswith("attribute_")}
        return TriangleMesh(data["vertices"], data["faces"], data["colours"], named)


def _made(name: str, *, faces: int, seed: int, arch: Arch, planted: bool = True) -> Case:
    return Case(name, _arch(faces, seed, arch), DAMAGE if planted else (), seed)


def _real(name: str, *, file: str, seed: int = 0) -> Case:
    return Case(name, read_scan(SCANS / file), DAMAGE_REAL if seed else (), seed)


def _all() -> dict[str, Callable[[str], Case]]:
    found: dict[str, Callable[[str], Case]] = {}
    for size, faces in (("50k", 50_000), ("200k", 200_000), ("1M", 1_000_000)):
        lower = partial(_made, faces=faces, arch=Arch.MANDIBULAR)
        found[f"arch-{size}"] = partial(lower, seed=11)
        found[f"clean-{size}"] = partial(lower, seed=11, planted=False)
        if faces <= 200_000:
            found[f"arch-{size}-2"] = partial(_made, faces=faces, seed=12, arch=Arch.MAXILLARY)
            found[f"arch-{size}-3"] = partial(lower, seed=13)
    if SCANS.is_dir():
        for seed in (1, 2, 3):
            found[f"cast-damaged-{seed}"] = partial(_real, file="cast_lower_open.ply", seed=seed)
        for name, file in (
            ("cast-open", "cast_lower_open.ply"),
            ("cast-defects", "cast_lower_defects.stl"),
            ("cast-closed", "cast_lower_closed.ply"),
            ("scanbodies-ios", "scanbodies_ios.stl"),
            ("scanbodies-desktop", "scanbodies_desktop.stl"),
            ("hps-part", "hps_ca_part.ply"),
        ):
            if (SCANS / file).exists():
                found[name] = partial(_real, file=file)
    return found


CASES: Mapping[str, Callable[[str], Case]] = _all()


def make_case(name: str) -> Case:
    """Return one case of `CASES`."""
    return CASES[name](name)


def cases(names: Iterable[str] | None = None) -> Iterator[Case]:
    """Yield cases by name, all but the million by default."""
    for name in [n for n in CASES if "1M" not in n] if names is None else names:
        yield make_case(name)
