"""A synthetic arch with a large hole and two loose pieces: something for every tool of the bench."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from stsbench.domain.mesh import TriangleMesh
from stsbench.files.bundled import samples_folder
from stsbench.files.scans import encode_ply, read_scan
from stsbench.geometry.boundary import boundary_loops
from stsbench.geometry.topology import half_edge_twins
from stsbench.workflow.intake import confirm_intake, preview_folder
from tests.shapes import sheet

PLATE_CELLS = 36, 20
PLATE_FACES = tuple(2 * cells**2 for cells in PLATE_CELLS)
HOLE_MM = 3.2  # radius of what is cut out: a rim above the gum limit of every profile but denture


@dataclass(frozen=True)
class Arch:
    """The scan and places on it, all visible from the biting side."""

    mesh: TriangleMesh
    hole: np.ndarray
    pieces: list[np.ndarray]  # the middles of the plates
    places: list[np.ndarray]  # on teeth, far from each other and from the hole


def damaged_arch() -> Arch:
    """The lower arch of sample 07 with a hole in a molar, and two plates in the middle."""
    folder = next(samples_folder().glob("07*"))
    arch = read_scan(folder / "lower.stl")
    centres = arch.vertices[arch.faces].mean(axis=1)
    a, b, c = (arch.vertices[arch.faces[:, corner]] for corner in range(3))
    normal = np.cross(b - a, c - a)
    up = normal[:, 2] / np.linalg.norm(normal, axis=1) > 0.9
    twin = half_edge_twins(arch.faces, arch.vertex_count)
    border = arch.vertices[boundary_loops(arch.faces, twin).vertices]
    inner = cKDTree(border).query(centres)[0] > 4.5
    tops = centres[up & inner]
    tops = tops[np.argsort(tops[:, 0], kind="stable")]
    chosen = [tops[0]]
    while len(chosen) < 6:  # the next one is the farthest from all before
        chosen.append(tops[cKDTree(np.array(chosen)).query(tops)[0].argmax()])
    hole, *seeds = chosen
    kept = np.linalg.norm(centres - hole, axis=1) > HOLE_MM
    middle = (arch.vertices.min(axis=0) + arch.vertices.max(axis=0)) / 2
    vertices, faces, pieces = [arch.vertices], [arch.faces[kept]], []
    count = arch.vertex_count
    for cells, aside in zip(PLATE_CELLS, (8.0, -10.0), strict=True):
        plate = sheet(cells, cells, pitch_mm=0.5, height=lambda x, _y: (x - 9) ** 2 / 50)
        moved = plate.vertices + (middle - plate.vertices.mean(axis=0)) + (0.0, aside, 0.0)
        moved = moved.astype(np.float32).astype(np.float64)
        vertices.append(moved)
        faces.append(plate.faces + np.int32(count))
        pieces.append(moved[cells // 2 * (cells + 1) + cells // 2])
        count += len(moved)
    return Arch(TriangleMesh(np.vstack(vertices), np.vstack(faces)), hole, pieces, seeds)


def order_folder(
    folder: Path, mesh: TriangleMesh, *, role: str = "lower", age: int | None = 44
) -> Path:
    """Write an order as a clinic sends it, with the age missing if wanted."""
    folder.mkdir(parents=True)
    (folder / f"{role}.ply").write_bytes(encode_ply(mesh))
    consents = [
        {"purpose": purpose, "text_sha256": "a" * 64, "given_on": "2026-11-01"}
        for purpose in ("repair", "model", "quality")
    ]
    aged = {} if age is None else {"age": age, "age_on": "2026-11-01", "adult_attested": True}
    order = {
        "schema": "stsbench.order/1",
        "patient": {"name": "Zebedea Kanarienvogel", "gender": "f", **aged},
        "consents": consents,
        "items": [{"type": "study_model", "fdi": [], "material": "", "shade": ""}],
        "scans": [{"file": f"{role}.ply", "role": role}],
    }
    (folder / "order.json").write_text(json.dumps(order), encoding="utf-8")
    return folder


def take_in(folder: Path, mesh: TriangleMesh, *, role: str = "lower") -> str:
    """Store a scan as a case of the home in use; return its number."""
    outcome = confirm_intake(preview_folder(order_folder(folder, mesh, role=role)).ticket)
    assert outcome.case_number, outcome.reasons
    return outcome.case_number
