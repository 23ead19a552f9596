"""Make the pictures of docs/repair.md from a made arch with planted defects; nobody's teeth.

    python docs/pictures/make_repair_pictures.py [FOLDER]

Everything comes from seeds: the same machine and libraries give the same pictures.
"""

import sys
from pathlib import Path

import numpy as np

from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import TriangleMesh
from stsbench.geometry.boundary import boundary_loops
from stsbench.geometry.topology import half_edge_twins
from stsbench.qa.cameras import fallback_anatomy
from stsbench.qa.deviation import measure_deviation
from stsbench.qa.layouts import grid_picture
from stsbench.qa.maps import (
    close_up,
    deviation_bar,
    deviation_face_colours,
    edit_entries,
    edit_face_colours,
    map_picture,
    marker_of,
    removed_face_colours,
)
from stsbench.qa.pictures import Picture, Surface
from stsbench.qa.renders import draw_pictures
from stsbench.repair.pipeline import repair_scan
from stsbench.repair.profiles import load_profile
from stsbench.repair.remeshing import remesh_scan
from stsbench.repair.replay import replay_uses
from stsbench.repair.result import RepairResult
from stsbench.repair.thinning import decimate_scan
from stsbench.repair.working_mesh import WorkingMesh
from stsbench.samples.arch_plan import ArchPlan
from stsbench.samples.arches import make_arch
from stsbench.samples.damage import damage_scan

ARCH = Arch.MANDIBULAR
WIDTH = 1200
PLANTED = (
    ("interproximal_holes", {"count": 3}),
    ("occlusal_hole", {}),
    ("folds", {"count": 4}),
    ("spikes", {"count": 8}),
    ("bow_ties", {"count": 5}),
    ("fins", {"count": 8}),
    ("pinholes", {"count": 25}),
    ("islands", {"count": 4}),
)


def automatic(scan: TriangleMesh, result: RepairResult) -> tuple[list[Surface], list[Picture]]:
    """Before and after, the edit map, the deviation map."""
    anatomy = fallback_anatomy(result.mesh.vertices, ARCH)
    deviation = measure_deviation(scan, result.mesh, result.edits)
    made = result.edits.edited_faces
    surfaces = [
        Surface.of(scan),
        Surface.of(result.mesh),
        Surface.of(scan, face_colours=removed_face_colours(scan.face_count, result.edits)),
        Surface.of(result.mesh, face_colours=edit_face_colours(result.edits)),
        Surface.of(scan, face_colours=deviation_face_colours(scan, deviation.scan_mm)),
        Surface.of(
            result.mesh,
            face_colours=deviation_face_colours(result.mesh, deviation.repaired_mm, made),
        ),
    ]
    view = anatomy.view("occlusal", ARCH)
    beside = [[(view, (0,), "as received"), (view, (1,), "repaired")]]
    places = [result.mesh.vertices]
    both = (scan, result.mesh)
    pictures = [
        grid_picture("repair_before_after", beside, places, width=WIDTH),
        map_picture(
            "repair_edit_map", anatomy, ARCH, both, (2, 3), width=WIDTH,
            captions=("as received: what went", "repaired: what was made"),
            entries=edit_entries(result.edits),
        ),
        map_picture(
            "repair_deviation_map", anatomy, ARCH, both, (4, 5), width=WIDTH,
            captions=("as received", "repaired"), bar=deviation_bar(),
        ),
    ]  # fmt: skip
    holes = [f.as_json() for f in result.findings if f.kind == "hole"]
    largest = max(holes, key=lambda finding: float(str(finding["size_mm"])))
    marker, up = marker_of(largest, ""), np.asarray(view.toward_viewer)
    pictures.append(close_up("repair_hole_before", marker, result.mesh, 0, up))
    pictures.append(close_up("repair_hole_after", marker, result.mesh, 3, up))
    return surfaces, pictures


def frayed(mesh: TriangleMesh) -> TriangleMesh:
    """Gnaw at the border, as a scan whose edge was never trimmed."""
    working = WorkingMesh(mesh)
    loops = working.open_loops()
    rim = mesh.vertices[loops.loop(int(np.argmax(np.diff(loops.offsets))))]
    rng = np.random.default_rng(4)
    bites = rim[rng.choice(len(rim), size=90, replace=False)]
    centre = mesh.vertices[mesh.faces].mean(axis=1)
    gone = np.zeros(mesh.face_count, dtype=bool)
    for bite, size in zip(bites, rng.uniform(0.3, 0.9, size=len(bites)), strict=True):
        gone |= np.linalg.norm(centre - bite, axis=1) < size
    left = TriangleMesh(mesh.vertices, mesh.faces[~gone], mesh.colours)
    return repair_scan(left, profile=load_profile("study")).mesh


def by_hand(mesh: TriangleMesh) -> tuple[list[Surface], list[Picture]]:
    """Show what the tools do, one after the other."""
    anatomy = fallback_anatomy(mesh.vertices, ARCH)
    view = anatomy.view("occlusal", ARCH)
    working = WorkingMesh(mesh)
    loops = working.open_loops()
    rim = loops.loop(int(np.argmax(np.diff(loops.offsets))))
    clean = {"tool": "clean_border", "edge": rim[:2].tolist(), "strip_mm": 1.0}
    cleaned, _ = replay_uses(mesh, [clean])
    toward = np.asarray(view.toward_viewer)
    up = np.asarray(view.up)
    height = mesh.vertices @ up
    level = height.max() - 0.08 * np.ptp(height)
    point = mesh.vertices[int(np.argmin(np.abs(height - level)))]
    plane = {"tool": "trim_plane", "point": point.tolist(), "normal": up.tolist()}
    cut, _ = replay_uses(mesh, [clean, plane])
    # A tooth on the right of the picture, and an outline about it.
    beside = mesh.vertices @ np.cross(up, toward) > 0.6 * np.abs(mesh.vertices @ up).max() - 4.0
    top = mesh.vertices[int(np.argmax(np.where(beside, mesh.vertices @ toward, -np.inf)))]
    inside = np.linalg.norm(mesh.vertices - top, axis=1) < 3.5
    faces = np.ascontiguousarray(mesh.faces[inside[mesh.faces].all(axis=1)])
    outline = boundary_loops(faces, half_edge_twins(faces, mesh.vertex_count))
    line = mesh.vertices[outline.loop(int(np.argmax(np.diff(outline.offsets))))[::5]]
    curve = {"tool": "trim_curve", "points": line.tolist(), "goes": top.tolist()}
    drawn, _ = replay_uses(mesh, [clean, plane, curve])
    tiles = [
        (mesh, "repaired, the border as scanned"),
        (cleaned.to_mesh(), "clean_border, 1 mm"),
        (cut.to_mesh(), "then trim_plane"),
        (drawn.to_mesh(), "then trim_curve, closed, 3.5 mm about a cusp"),
    ]
    surfaces = [Surface.of(tile) for tile, _ in tiles]
    cells = [
        [(view, (n,), tiles[n][1]) for n in (0, 1)],
        [(view, (n,), tiles[n][1]) for n in (2, 3)],
    ]
    return surfaces, [grid_picture("repair_tools", cells, [mesh.vertices], width=WIDTH)]


def reshaped(mesh: TriangleMesh) -> tuple[list[Surface], list[Picture]]:
    """Decimation and remeshing: faces in alternating shades, so that they can be told apart."""
    anatomy = fallback_anatomy(mesh.vertices, ARCH)
    view = anatomy.view("front", ARCH)
    thin = decimate_scan(mesh, bound_mm=0.02).mesh
    even = remesh_scan(mesh, edge_mm=0.8, bound_mm=0.05)
    surfaces = []
    for part in (mesh, thin, even.mesh):
        shade = 150 + (np.random.default_rng(0).random(part.face_count) * 90).astype(np.uint8)
        surfaces.append(Surface.of(part, face_colours=np.repeat(shade[:, None], 3, axis=1)))
    whole = f"{mesh.face_count} faces"
    share = round(100 * even.even_share)
    pictures = []
    for name, other, words in (
        ("repair_decimated", 1, f"{thin.face_count} faces, within 0.02 mm"),
        (
            "repair_remeshed",
            2,
            f"{even.mesh.face_count} faces, {share} % of the edges about 0.8 mm",
        ),
    ):
        cells = [[(view, (0,), whole), (view, (other,), words)]]
        pictures.append(grid_picture(name, cells, [mesh.vertices], width=WIDTH))
    return surfaces, pictures


def main() -> None:
    """Make all pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    clean = make_arch(ArchPlan(ARCH, seed=7), faces=60_000).mesh
    scan, _ = damage_scan(clean, 7, PLANTED)
    result = repair_scan(scan, profile=load_profile("study"))
    for surfaces, pictures in (
        automatic(scan, result),
        by_hand(frayed(result.mesh)),
        reshaped(result.mesh),
    ):
        for name, data in draw_pictures(surfaces, pictures).items():
            (folder / f"{name}.png").write_bytes(data)


if __name__ == "__main__":
    main()
