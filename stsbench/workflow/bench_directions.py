"""How the scans on a bench lie in the mouth, for the record views: found, or told by three places.

Rules owned here:
- What was found counts where the search is sure; else the axes of the file are as good.
- With both arches on screen the record views are those of the lower one.
- Three places on the teeth give the occlusal plane; its side is the one the surface faces there.
- Nothing of it is an answer: a model's plane is set and confirmed on the model bench.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from stsbench.domain.dentition import Arch
from stsbench.domain.occlusion import OcclusalFrame
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.modelling.orientation import estimate_frame, given_frame
from stsbench.workflow.bench_history import BenchScan
from stsbench.workflow.model_session import plane_normal

__all__ = ["Directions", "find_directions", "told_directions"]

Direction = tuple[float, float, float]

_AROUND_MM = 1.5  # of the surface about a place says to which side it faces


@dataclass(frozen=True, slots=True)
class Directions:
    """How what is on screen lies.

    Parameters
    ----------
    occlusal : (x, y, z) float
        Out of the bite: up for a lower arch, down for an upper one.
    frontal : (x, y, z) float
        Out of the mouth.
    upper : bool
    """

    occlusal: Direction
    frontal: Direction
    upper: bool


def find_directions(
    scans: Iterable[BenchScan], *, progress: Progress = NO_PROGRESS
) -> Directions | None:
    """Return how scans lie; None where no search is sure.

    Parameters
    ----------
    scans : iterable of BenchScan
        Those of no arch are left out.
    progress : Progress
    """
    for scan in sorted(scans, key=lambda one: one.arch is Arch.MAXILLARY):
        if scan.arch is not None:
            frame = estimate_frame(scan.automatic.mesh, arch=scan.arch, progress=progress)
            if frame.sure and frame.midline_sure:
                return _directions(frame, scan.arch)
    return None


def told_directions(scan: BenchScan, places: Sequence[Sequence[float]]) -> Directions:
    """Return how a scan lies by three places on its teeth.

    Parameters
    ----------
    scan : BenchScan
        One of no arch counts as a lower one.
    places : (3, 3) float, mm

    Raises
    ------
    InputError
        Not three places, or no plane through them.
    """
    clicked = np.asarray(places, dtype=np.float64)
    normal, mesh = plane_normal(clicked), scan.automatic.mesh
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    across, middle = np.cross(b - a, c - a), (a + b + c) / 3.0
    near = np.zeros(len(mesh.faces), dtype=bool)
    for place in clicked:
        near |= np.linalg.norm(middle - place, axis=1) < _AROUND_MM
    if float(across[near].sum(axis=0) @ normal) < 0.0:
        normal = -normal
    arch = Arch.MANDIBULAR if scan.arch is None else scan.arch
    return _directions(given_frame(mesh, normal, arch=arch), arch)


def _directions(frame: OcclusalFrame, arch: Arch) -> Directions:
    x, y, z = frame.normal.tolist()
    front = frame.midline.tolist()
    return Directions((x, y, z), (front[0], front[1], front[2]), arch is Arch.MAXILLARY)
