"""Repair quality: stsbench and its peers against the truth, and recall and precision of `inspect`.

    python benchmarks/repair/quality.py [--cases arch-50k ...] [--peers meshlib vtk ...]
        [--seeds 1 2] [--no-inspect] [--holes]

Every case was clean before seeded damage was worked into it, so each column is measured against
what was there (case.clean):

- small and large holes: root mean square distance of the surface that was taken away (vertices and
  face centres) from the result. A hole left open counts with the distance to its rim.
- `--holes` tells of every large hole by itself: root mean square distance, and how far the fill lies
  over the true surface (positive) or below it: 5 and 95 of 100 of its samples, and the farthest.
- outside: largest distance from the result of a clean vertex that lies farther than `AWAY_MM` from
  every defect. Lost border and moved surface both show here.
- pairs: pairs of faces that cross or touch; branching edges and bow-ties counted by the referee of
  the tests in the result read back as STL; loose: pieces beside the largest.
- spikes, bubbles, folds: largest distance between clean and repaired surface about them, per place;
  the median over the places.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from cases import Case, make_case
from peers import PEERS, Peer
from scipy.spatial import cKDTree

sys.path.insert(0, str(Path(__file__).parents[2]))
from stsbench.domain.findings import Finding, FindingKind
from stsbench.domain.mesh import TriangleMesh
from stsbench.files.scans import read_scan
from stsbench.geometry.distance import build_tree, closest_on_tree
from stsbench.geometry.face_groups import group_faces
from stsbench.geometry.face_measures import measure_faces
from stsbench.geometry.self_intersection import self_meetings
from stsbench.geometry.wide_normals import sum_near
from stsbench.repair.inspection import inspect_scan
from stsbench.samples.damage import DamageTruth, PlannedDefect, damage_scan
from tests.repair.referee import as_stl, judge

KIND = FindingKind
CASES = (
    "arch-50k",
    "arch-50k-2",
    "arch-50k-3",
    "cast-damaged-1",
    "cast-damaged-2",
    "cast-damaged-3",
)
AWAY_MM = 2.0
MATCH_MM = 1.5
Tally = dict[str, list[int]]
_BY_FACE = ("duplicate_faces", "degenerate_faces", "flipped_faces")
SMALL, LARGE = ("pinholes",), ("interproximal_holes", "occlusal_hole")
# What a planted defect is called; several where one may show as another.
NAMED: dict[str, tuple[FindingKind, ...]] = {
    "pinholes": (KIND.HOLE,),
    "interproximal_holes": (KIND.HOLE,),
    "occlusal_hole": (KIND.HOLE,),
    "spikes": (KIND.SPIKE,),
    "moisture_bubbles": (KIND.SPIKE,),
    "folds": (KIND.FOLD, KIND.SELF_INTERSECTION),
    "bow_ties": (KIND.NON_MANIFOLD_VERTEX,),
    "fins": (KIND.NON_MANIFOLD_EDGE,),
    "islands": (KIND.ISLAND,),
    "moebius_band": (KIND.ISLAND,),
    "flipped_faces": (KIND.FLIPPED_WINDING,),
    "duplicate_faces": (KIND.DUPLICATE_FACE,),
    "degenerate_faces": (KIND.DEGENERATE_FACE,),
    "double_layer": (KIND.DOUBLE_LAYER,),
    "stitching_step": (KIND.STITCHING_STEP,),
}


def _samples(mesh: TriangleMesh) -> np.ndarray:
    return np.concatenate([mesh.vertices, mesh.vertices[mesh.faces].mean(axis=1)])


def _rms(case: Case, kinds: Iterable[str], tree: object) -> float:
    assert case.truth is not None
    gone = [t.removed for t in case.truth.defects if t.kind in kinds and t.removed is not None]
    if not gone:
        return float("nan")
    distance, _, _ = closest_on_tree(np.concatenate([_samples(mesh) for mesh in gone]), tree)
    return float(np.sqrt((distance**2).mean()))


def _signed(gone: TriangleMesh, tree: object) -> np.ndarray:
    """Return how far a result lies over the surface that was taken away, mm; below: negative."""
    normals = sum_near(gone.vertices, gone.faces)[:, :3]
    across = np.concatenate([normals, normals[gone.faces].sum(axis=1)])
    samples = _samples(gone)
    distance, _, nearest = closest_on_tree(samples, tree)
    return np.where(np.einsum("ij,ij->i", nearest - samples, across) < 0, -distance, distance)


def holes_of(case: Case, after: TriangleMesh) -> list[tuple[str, float, np.ndarray]]:
    """Return every large hole: what it is, the area that was taken away, signed distances in mm."""
    assert case.truth is not None
    tree = build_tree(after.vertices, after.faces)
    holes = []
    for defect in case.truth.defects:
        if defect.kind not in LARGE or defect.removed is None:
            continue
        group = group_faces(defect.removed.faces)
        for n in range(int(group.max()) + 1):
            own = defect.removed.faces[group == n]
            names, faces = np.unique(own, return_inverse=True)
            part = TriangleMesh(
                defect.removed.vertices[names], faces.reshape(-1, 3).astype(np.int32)
            )
            area = float(measure_faces(part.vertices, part.faces).area_mm2.sum())
            holes.append((defect.kind, area, _signed(part, tree)))
    return holes


def _print_holes(case: Case, name: str, after: TriangleMesh) -> None:
    """Print a row per large hole."""
    for kind, area, signed in holes_of(case, after):
        low, high = np.percentile(signed, [5, 95])
        farthest = signed[np.abs(signed).argmax()]
        rms = float(np.sqrt((signed**2).mean()))
        cells = f"{area:.1f} | {1e3 * rms:.0f} | {1e3 * low:+.0f} | {1e3 * high:+.0f}"
        print(f"| {case.name} | {name} | {kind} | {cells} | {1e3 * farthest:+.0f} |", flush=True)


def _about(places: np.ndarray, case: Case, after: TriangleMesh, trees: tuple) -> float:
    """Return the median over the places of the largest distance within reach of each."""
    clean_tree, after_tree = trees
    before_near = cKDTree(case.clean.vertices).query_ball_point(places, MATCH_MM)
    after_near = cKDTree(after.vertices).query_ball_point(places, MATCH_MM)
    worst = []
    for old, new in zip(before_near, after_near, strict=True):
        there = [closest_on_tree(case.clean.vertices[old], after_tree)[0].max()] if old else []
        back = [closest_on_tree(after.vertices[new], clean_tree)[0].max()] if new else []
        worst.append(max([*there, *back], default=np.inf))
    return float(np.median(worst)) if worst else float("nan")


def measure(case: Case, after: TriangleMesh) -> dict[str, float]:
    """Measure one result."""
    truth = case.truth
    assert truth is not None
    trees = (
        build_tree(case.clean.vertices, case.clean.faces),
        build_tree(after.vertices, after.faces),
    )
    vertices, faces = as_stl(after.vertices, after.faces)
    faces = np.ascontiguousarray(faces, dtype=np.int32)
    found = judge(vertices, faces, intersections=False)
    whole = (faces != np.roll(faces, 1, axis=1)).all(axis=1)
    touched = np.concatenate([truth.touched_vertices, [False]])
    spots = [truth.clean.vertices[np.unique(truth.vertex_source[touched[:-1]])]]
    spots += [t.removed.vertices for t in truth.defects if t.removed is not None]
    spots += [t.places_mm for t in truth.defects if t.kind not in ("stitching_step",)]
    away = cKDTree(np.concatenate(spots)).query(case.clean.vertices)[0] > AWAY_MM
    outside = closest_on_tree(case.clean.vertices[away], trees[1])[0]
    row = {
        "small holes um": 1e3 * _rms(case, SMALL, trees[1]),
        "large holes um": 1e3 * _rms(case, LARGE, trees[1]),
        "outside mm": float(outside.max()),
        "pairs": float(len(self_meetings(vertices, np.ascontiguousarray(faces[whole])).pairs)),
        "branching": float(found.branching_edges),
        "bow-ties": float(found.bow_ties),
        "wound": float(found.badly_wound_edges),
        "thin": float(found.degenerate + found.duplicates),
        "loose": float(found.components - 1),
    }
    for name in ("spikes", "moisture_bubbles", "folds"):
        places = [t.places_mm for t in truth.defects if t.kind == name]
        row[f"{name} mm"] = _about(places[0], case, after, trees) if places else float("nan")
    return row


def compare(cases: list[str], names: list[str], *, holes: bool = False) -> None:
    """Print one table per case, or one row per large hole."""
    workers = {name: Peer(name) for name in names}
    with tempfile.TemporaryDirectory() as folder:
        for case_name in cases:
            case = make_case(case_name)
            source = case.file()
            if not holes:
                print(f"\n{case_name}\n", flush=True)
            for number, (name, worker) in enumerate(workers.items()):
                target = Path(folder) / f"{name}.ply"
                target.unlink(missing_ok=True)
                run = worker.repair(source, target)
                if holes:
                    if not run.error:
                        _print_holes(case, name, read_scan(target))
                    continue
                row = {} if run.error else measure(case, read_scan(target))
                if not number:
                    print("| | " + " | ".join(row) + " |\n|---|" + "---|" * len(row))
                cells = " | ".join("-" if np.isnan(v) else f"{v:.3g}" for v in row.values())
                print(f"| {name} | {cells or run.error} |", flush=True)
    for worker in workers.values():
        worker.close()


def _hits(places: np.ndarray, found: list[Finding], kinds: tuple[FindingKind, ...]) -> np.ndarray:
    """Mark places that a finding of one of the kinds names."""
    spots = [(f.place_mm, f.size_mm) for f in found if f.kind in kinds]
    hit = np.zeros(len(places), dtype=bool)
    for place, size in spots:
        hit |= np.linalg.norm(places - place, axis=1) <= MATCH_MM + size / 2
    return hit


def _plans(case: Case) -> list[tuple[PlannedDefect, ...]]:
    """Return what is planted into a case, one plan after the other."""
    plans = [case.plan]
    plans += [(("double_layer", {"radius_mm": 2.5, "offset_mm": gap}),) for gap in (0.15, 0.3)]
    if "arch" in case.name:
        plans += [(("stitching_step", {"step_mm": step}),) for step in (0.2, 0.4)]
    return plans


def _tally(mesh: TriangleMesh, truth: DamageTruth, planted: Tally, told: Tally) -> None:
    """Count which planted defects are found, and which findings lie beside a planted defect."""
    ignored = {KIND.BORDER, KIND.DUPLICATE_VERTEX, KIND.UNREFERENCED_VERTEX}
    seen = [f for f in inspect_scan(mesh).findings if f.kind not in ignored]
    real = np.zeros(len(seen), dtype=bool)
    for defect in truth.defects:
        places = defect.places_mm
        if defect.kind in _BY_FACE:
            places = mesh.vertices[mesh.faces[defect.faces]].mean(axis=1)
        near = cKDTree(np.concatenate([places, mesh.vertices[defect.vertices]]))
        for row, finding in enumerate(seen):
            real[row] |= near.query(finding.place_mm)[0] <= MATCH_MM + finding.size_mm / 2
        if defect.kind in NAMED:
            hit = _hits(places, seen, NAMED[defect.kind])
            count = planted.setdefault(defect.kind, [0, 0])
            count[0] += int(hit.sum())
            count[1] += len(places)
    for row, finding in enumerate(seen):
        both = told.setdefault(finding.kind.value, [0, 0])
        both[0] += int(real[row])
        both[1] += 1


def inspect_cases(cases: list[str], seeds: list[int]) -> None:
    """Print recall and precision per kind, over all cases, plans and seeds."""
    planted: Tally = {}
    told: Tally = {}
    for case_name in cases:
        case = make_case(case_name)
        for plan in _plans(case):
            for seed in seeds:
                _tally(*damage_scan(case.clean, seed, plan), planted, told)
    print("\n| planted | found | of | recall |\n|---|---|---|---|")
    for name, (hit, count) in planted.items():
        print(f"| {name} | {hit} | {count} | {hit / max(count, 1):.3f} |")
    print("\n| told | beside a planted defect | of | precision |\n|---|---|---|---|")
    for name, (right, count) in sorted(told.items()):
        print(f"| {name} | {right} | {count} | {right / count:.3f} |")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", nargs="+", default=list(CASES))
    parser.add_argument("--peers", nargs="*", default=list(PEERS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--no-inspect", action="store_true")
    parser.add_argument("--holes", action="store_true")
    asked = parser.parse_args()
    if asked.peers:
        compare(asked.cases, asked.peers, holes=asked.holes)
    if not (asked.no_inspect or asked.holes):
        inspect_cases(asked.cases, asked.seeds)


if __name__ == "__main__":
    main()
