"""Kinds of patches compared on held-out holes: which surface to lay over a hole.

    python benchmarks/filling/variants.py [--seed N]

All share the triangulation, its refinement and the checks of the product; only where the patch's own
vertices lie differs. Holes are punched as in `punching.py`, with another seed than `measure.py` has.

- membrane: harmonic; second order: thin plate (Liepa); mixed: what the product does.
- rbf: zero set of a triharmonic function through two rings of vertices about the rim and points off
  them along their normals (J. C. Carr et al., SIGGRAPH 2001); vertices are drawn onto it.
- mls: vertices are drawn onto a quadric fitted about each, weighted by distance (M. Alexa et al.,
  *Computing and rendering point set surfaces*, IEEE TVCG 9(1), 2003).
- poisson: normals spread harmonically from the rim, then positions whose gradients agree with them
  (W. Zhao, S. Gao, H. Lin, *A robust hole-filling algorithm for triangular mesh*, 2007).
"""

import argparse
import sys
from dataclasses import replace

import numpy as np
from measure import deviations
from punching import CLASSES, punched_cases
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from stsbench.geometry import fairing
from stsbench.geometry.hole_filling import fill_loops
from stsbench.geometry.topology import half_edge_twins

_MOST_RBF = 250  # places; the system is dense


def _normals(vertices, faces):
    corners = vertices[faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(normals, faces[:, k], across)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)


class Hole:
    """One hole: its patch and two rings about it, in numbers of its own."""

    def __init__(self, case, patches, number, normals, rings=2):
        mesh = case.open
        own = patches.faces[patches.hole_of_face == number]
        self.new = np.flatnonzero(patches.hole_of_vertex == number)
        old = mesh.vertex_count
        near = np.zeros(old, dtype=bool)
        near[case.loops.loop(number)] = True
        for _ in range(rings):
            near[mesh.faces[near[mesh.faces].any(axis=1)]] = True
        self.about = np.flatnonzero(near)
        self.places, self.normals = mesh.vertices[self.about], normals[self.about]
        name = np.full(old + len(patches.vertices), -1)
        name[self.about] = len(self.new) + np.arange(len(self.about))
        name[old + self.new] = np.arange(len(self.new))
        self.faces = name[own]
        self.start = np.concatenate([patches.vertices[self.new], self.places])
        self.pitch = float(np.median(cKDTree(self.places).query(self.places, k=2)[0][:, 1]))


def rbf(hole):
    """Draw vertices onto the zero set of a triharmonic function."""
    places, normals, step = hole.places, hole.normals, hole.pitch
    if len(places) > _MOST_RBF:
        pick = np.unique(np.linspace(0, len(places) - 1, _MOST_RBF).astype(int))
        places, normals = places[pick], normals[pick]
    centres = np.concatenate([places, places + step * normals, places - step * normals])
    value = np.repeat([0.0, step, -step], len(places))
    away = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    plain = np.column_stack([np.ones(len(centres)), centres])
    system = np.block([[away**3, plain], [plain.T, np.zeros((4, 4))]])
    weights = np.linalg.solve(system, np.concatenate([value, np.zeros(4)]))
    x = hole.start[: len(hole.new)].copy()
    for _ in range(8):
        apart = x[:, None] - centres[None]
        r = np.linalg.norm(apart, axis=2)
        f = r**3 @ weights[:-4] + weights[-4] + x @ weights[-3:]
        g = np.einsum("nc,nck->nk", 3 * r * weights[:-4], apart) + weights[-3:]
        move = -(f / np.maximum((g**2).sum(axis=1), 1e-12))[:, None] * g
        size = np.linalg.norm(move, axis=1, keepdims=True)
        x += move * np.minimum(1.0, step / np.maximum(size, 1e-12))
    return x


def mls(hole):
    """Draw vertices onto quadrics fitted about each of them."""
    x = hole.start[: len(hole.new)].copy()
    for _ in range(3):
        for n in range(len(x)):
            away = hole.places - x[n]
            far = np.linalg.norm(away, axis=1)
            weight = np.exp(-((far / (1.5 * far.min() + 2 * hole.pitch)) ** 2))
            axis = weight @ hole.normals
            axis /= max(np.linalg.norm(axis), 1e-12)
            first = np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))])
            first /= np.linalg.norm(first)
            u, v, w = away @ first, away @ np.cross(axis, first), away @ axis
            basis = np.column_stack([np.ones(len(u)), u, v, u * u, u * v, v * v])
            root = np.sqrt(weight)[:, None]
            x[n] += np.linalg.lstsq(root * basis, root[:, 0] * w, rcond=1e-6)[0][0] * axis
    return x


def poisson(hole):
    """Turn the faces of a membrane to normals spread from the rim, and join them up again."""
    count, faces, x = len(hole.new), hole.faces, hole.start.copy()
    for _ in range(3):
        a, b, c = (x[faces[:, k]] for k in range(3))
        across = np.cross(b - a, c - a)
        twice = np.maximum(np.linalg.norm(across, axis=1), 1e-12)
        rows, cols, pull = [], [], []
        for k in range(3):
            i, j, o = faces[:, k], faces[:, (k + 1) % 3], faces[:, (k + 2) % 3]
            cotangent = ((x[i] - x[o]) * (x[j] - x[o])).sum(axis=1) / twice / 2
            rows += [i, j]
            cols += [j, i]
            pull += [np.clip(cotangent, 0.02, 5)] * 2
        shape = (len(x), len(x))
        near = csr_array(
            (np.concatenate(pull), (np.concatenate(rows), np.concatenate(cols))), shape=shape
        )
        system = (diags_array(near.sum(axis=1)) - near).tocsr()[:count]
        inner, known = system[:, :count].tocsc(), system[:, count:]
        factors = splu(inner)
        normal = np.zeros_like(x)
        normal[count:] = hole.normals
        normal[:count] = factors.solve(-known @ normal[count:])
        wanted = normal[faces].sum(axis=1)
        wanted /= np.maximum(np.linalg.norm(wanted, axis=1, keepdims=True), 1e-12)
        unit = across / twice[:, None]
        # Rodrigues: the turn that takes a face's normal to the one wanted.
        spin, cosine = np.cross(unit, wanted), (unit * wanted).sum(axis=1)
        factor = 1 / np.maximum(1 + cosine, 0.05)
        right = np.zeros_like(x)
        for k in range(3):
            i, j, o = faces[:, k], faces[:, (k + 1) % 3], faces[:, (k + 2) % 3]
            edge = x[i] - x[j]
            turned = (
                cosine[:, None] * edge
                + np.cross(spin, edge)
                + spin * ((spin * edge).sum(axis=1) * factor)[:, None]
            )
            cotangent = ((x[i] - x[o]) * (x[j] - x[o])).sum(axis=1) / twice / 2
            pull_k = np.clip(cotangent, 0.02, 5)[:, None] * turned
            np.add.at(right, i, pull_k)
            np.add.at(right, j, -pull_k)
        x[:count] = factors.solve(right[:count] - known @ x[count:])
    return x[:count]


def variants(case):
    """Patches of every kind for one case."""
    mesh = case.open
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    parts = (mesh.vertices, mesh.faces, twin, case.loops.vertices, case.loops.offsets)
    normals = _normals(mesh.vertices, mesh.faces)
    made = {"membrane": fill_loops(*parts, fair=False), "mixed": fill_loops(*parts)}
    kept = fairing.SCHEDULE
    fairing.SCHEDULE = tuple(0.0 for _ in kept)
    made["second order"] = fill_loops(*parts)
    fairing.SCHEDULE = kept
    for name, draw, start in (
        ("rbf", rbf, "mixed"), ("mls", mls, "mixed"), ("poisson", poisson, "membrane"),
    ):  # fmt: skip
        vertices = made[start].vertices.copy()
        for number in range(len(case.gone)):
            hole = Hole(case, made[start], number, normals)
            if len(hole.new):
                vertices[hole.new] = draw(hole)
        made[name] = replace(made[start], vertices=vertices)
    return made


def main() -> int:
    """Measure all cases and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=777)
    found: dict[tuple[str, str], list[float]] = {}
    for case in punched_cases(parser.parse_args().seed):
        for name, patches in variants(case).items():
            vertices = np.vstack([case.open.vertices, patches.vertices])
            for kind, own in zip(
                case.kinds, deviations(case, vertices, patches.faces), strict=True
            ):
                found.setdefault((kind, name), []).append(float(np.sqrt((own**2).mean())))
    print("| holes | kind of patch | RMS median um | RMS pooled um |\n|---|---|---|---|")
    for kind, *_ in CLASSES:
        for name in ("membrane", "second order", "mixed", "rbf", "mls", "poisson"):
            rms = np.array(found[kind, name])
            pooled = np.sqrt((rms**2).mean())
            print(f"| {len(rms)} {kind} | {name} | {np.median(rms):.1f} | {pooled:.1f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
