"""Damage: a plan of defects worked into a clean scan, with the exact truth about every one.

Rules owned here:
- Same mesh, seed and plan, same bytes. Each step draws from its own generator.
- Steps keep away from what earlier ones touched; only steps on the whole scan reach everywhere.
- What no defect touched is identical to the clean scan, bit for bit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Mask, TriangleMesh
from stsbench.errors import InputError
from stsbench.samples.defects import broken, extra, missing, shifted
from stsbench.samples.defects.sites import Site
from stsbench.samples.defects.truth import DefectTruth, Indices, Step

__all__ = ["DEFECTS", "EVERY_DEFECT", "DamageTruth", "PlannedDefect", "damage_scan"]

PlannedDefect = tuple[str, Mapping[str, object]]

_ALL: tuple[Callable[..., Step], ...] = (
    shifted.stitching_step,
    shifted.noise,
    missing.interproximal_holes,
    missing.occlusal_hole,
    missing.hole_near,
    missing.pinholes,
    shifted.folds,
    shifted.spikes,
    shifted.moisture_bubbles,
    broken.bow_ties,
    broken.flipped_faces,
    extra.double_layer,
    extra.fins,
    broken.duplicate_vertices,
    broken.duplicate_faces,
    broken.degenerate_faces,
    extra.islands,
    extra.moebius_band,
    broken.unreferenced_vertices,
    broken.unit_error,
    broken.mirrored,
)
DEFECTS: Mapping[str, Callable[..., Step]] = MappingProxyType({f.__name__: f for f in _ALL})

# In an order that lets each step find its place; the whole-scan faults are left out.
EVERY_DEFECT: tuple[PlannedDefect, ...] = (
    ("stitching_step", {}),
    ("interproximal_holes", {"count": 3}),
    ("occlusal_hole", {}),
    ("double_layer", {"radius_mm": 3.0}),
    ("folds", {"count": 2}),
    ("flipped_faces", {"singles": 4}),
    ("duplicate_vertices", {}),
    ("moisture_bubbles", {"count": 4}),
    ("spikes", {"count": 6}),
    ("bow_ties", {"count": 4}),
    ("fins", {"count": 5}),
    ("pinholes", {"count": 8}),
    ("duplicate_faces", {"count": 8}),
    ("degenerate_faces", {"count": 8}),
    ("islands", {"count": 4}),
    ("moebius_band", {}),
    ("unreferenced_vertices", {"count": 20}),
)
_EVERYWHERE = frozenset({"stitching_step", "noise", "unit_error", "mirrored"})


@dataclass(frozen=True, slots=True, eq=False)
class DamageTruth:
    """What was done to a scan.

    Parameters
    ----------
    clean : TriangleMesh
        The scan before.
    defects : tuple of DefectTruth
        In the order of the plan, all in the numbering of the damaged scan.
    face_source : (F,) int64
        Face of the clean scan, or -1; a flipped face keeps its source.
    vertex_source : (V,) int64
        Vertex of the clean scan, or -1.
    """

    clean: TriangleMesh
    defects: tuple[DefectTruth, ...]
    face_source: Indices
    vertex_source: Indices

    def of(self, kind: str) -> DefectTruth:
        """Return the truth of one kind.

        Raises
        ------
        InputError
            The plan had no such defect.
        """
        for truth in self.defects:
            if truth.kind == kind:
                return truth
        raise InputError(f"The plan had no {kind}.", "Name a defect of the plan.")

    @property
    def touched_vertices(self) -> Mask:
        """Vertices (V,) that some defect moved, added, split or left on a new rim."""
        masks = [truth.vertices for truth in self.defects]
        touched: Mask = np.any([self.vertex_source < 0, *masks], axis=0)
        return touched

    @property
    def touched_faces(self) -> Mask:
        """Faces (F,) that some defect added, turned or deformed."""
        masks = [truth.faces for truth in self.defects]
        touched: Mask = np.any([self.face_source < 0, *masks], axis=0)
        return touched

    @property
    def moved_mm(self) -> NDArray[np.float64]:
        """Displacement (V, 3) of each vertex from its place in the clean scan."""
        total = np.zeros((len(self.vertex_source), 3))
        for truth in self.defects:
            if truth.moved_mm is not None:
                total += truth.moved_mm
        return total


def damage_scan(
    mesh: TriangleMesh, seed: int, plan: Sequence[PlannedDefect] = EVERY_DEFECT
) -> tuple[TriangleMesh, DamageTruth]:
    """Work defects into a scan, one after the other.

    Parameters
    ----------
    mesh : TriangleMesh
        A clean scan; with the attribute `fdi` some defects find teeth and contacts.
    seed : int
    plan : sequence of (name, options)
        Names from `DEFECTS`.

    Returns
    -------
    mesh : TriangleMesh
    truth : DamageTruth

    Raises
    ------
    InputError
        An unknown defect, or one that finds no place.
    """
    damaged, truths = mesh, list[DefectTruth]()
    faces, vertices = np.arange(mesh.face_count), np.arange(mesh.vertex_count)
    avoid = np.zeros(mesh.vertex_count, dtype=bool)
    for number, (name, options) in enumerate(plan):
        if name not in DEFECTS:
            raise InputError(f"There is no defect {name!r}.", f"Use one of {sorted(DEFECTS)}.")
        site = Site(damaged, np.random.default_rng([seed, number]), avoid)
        step = DEFECTS[name](site, **options)
        truths = [truth.carried(step.face_source, step.vertex_source) for truth in truths]
        truths.append(step.truth)
        faces = np.where(step.face_source >= 0, faces[step.face_source], -1)
        vertices = np.where(step.vertex_source >= 0, vertices[step.vertex_source], -1)
        avoid = (step.vertex_source < 0) | avoid[step.vertex_source]
        if name not in _EVERYWHERE:
            avoid |= step.truth.vertices
            avoid[step.mesh.faces[step.truth.faces]] = True
        damaged = step.mesh
    return damaged, DamageTruth(mesh, tuple(truths), faces, vertices)
