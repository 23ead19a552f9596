"""Reading and writing scans, measured beside trimesh in one run: times as ratios.

Every row is measured round-robin, so that a busy machine slows both sides alike, and reported as
the median. Run it on a quiet machine: `python benchmarks/files/measure.py [--rounds N]`.
"""

import argparse
import io
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import trimesh

from stsbench.domain.mesh import TriangleMesh
from stsbench.files.scans import (
    decode_scan,
    encode_obj,
    encode_ply,
    encode_stl,
    read_scan,
    write_scan,
)


def wavy_sheet(side: int) -> TriangleMesh:
    """An open surface of 2 * side^2 faces, its faces in the order of a grid."""
    y, x = np.mgrid[0 : side + 1, 0 : side + 1] * 0.1
    z = np.sin(x * 1.3) * np.cos(y * 0.9) + 0.2 * np.sin(7 * x + 3 * y)
    vertices = np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(np.float32).astype(np.float64)
    index = np.arange((side + 1) ** 2).reshape(side + 1, side + 1)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    faces = np.stack([a, b, c, a, c, d], axis=-1).reshape(-1, 3)
    return TriangleMesh(vertices, faces.astype(np.int32))


def peer_read(path: Path, *, weld: bool) -> trimesh.Trimesh:
    """Trimesh as a user would call it: `process` is what joins the corners of an STL."""
    return trimesh.load_mesh(path, process=weld)


def peer_write(mesh: trimesh.Trimesh, path: Path, kind: str) -> None:
    data = mesh.export(file_type=kind)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def rows(mesh: TriangleMesh, folder: Path):
    """Pairs of callables: (name, ours, trimesh's)."""
    other = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    stl, ply, out = folder / "a.stl", folder / "a.ply", folder / "out"
    stl.write_bytes(encode_stl(mesh))
    ply.write_bytes(encode_ply(mesh))
    text = {
        "stl ascii": ("stl", other.export(file_type="stl_ascii").encode()),
        "ply ascii": ("ply", other.export(file_type="ply", encoding="ascii")),
        "obj": ("obj", encode_obj(mesh)),
    }
    yield "read STL, weld", lambda: read_scan(stl), lambda: peer_read(stl, weld=True)
    yield (
        "read STL, trimesh not welding",
        lambda: read_scan(stl),
        lambda: peer_read(stl, weld=False),
    )
    yield "read PLY", lambda: read_scan(ply), lambda: peer_read(ply, weld=False)
    for kind in ("ply", "stl"):
        path = out.with_suffix(f".{kind}")
        yield (
            f"write {kind.upper()}, to disk",
            lambda path=path: write_scan(mesh, path, durable=False),
            lambda path=path, kind=kind: peer_write(other, path, kind),
        )
        yield (
            f"write {kind.upper()}, synced",
            lambda path=path: write_scan(mesh, path),
            lambda path=path, kind=kind: peer_write(other, path, kind),
        )
        encode = {"ply": encode_ply, "stl": encode_stl}[kind]
        yield (
            f"encode {kind.upper()}, in memory",
            lambda encode=encode: encode(mesh),
            lambda kind=kind: other.export(file_type=kind),
        )
    if mesh.face_count > 500_000:
        return
    for name, (kind, data) in text.items():
        yield (
            f"read {name}, {len(data) / 1e6:.0f} MB",
            lambda data=data: decode_scan(data),
            lambda data=data, kind=kind: trimesh.load_mesh(
                io.BytesIO(data), file_type=kind, process=False
            ),
        )
    yield "write OBJ, in memory", lambda: encode_obj(mesh), lambda: other.export(file_type="obj")


def measured(pairs, rounds: int):
    """Medians in ms, each pair called in turn."""
    for name, ours, theirs in pairs:
        times = ([], [])
        ours(), theirs()
        for _ in range(rounds):
            for kept, call in zip(times, (ours, theirs), strict=True):
                start = time.perf_counter()
                call()
                kept.append(1e3 * (time.perf_counter() - start))
        yield name, *(statistics.median(each) for each in times), *(min(each) for each in times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, trimesh {trimesh.__version__}"
    )
    for side in (316, 707):
        mesh = wavy_sheet(side)
        print(f"\n| {mesh.face_count} faces | stsbench ms (least) | trimesh ms (least) | ratio |")
        print("|---|---|---|---|")
        with tempfile.TemporaryDirectory() as folder:
            for name, ours, theirs, least, least_theirs in measured(
                rows(mesh, Path(folder)), rounds
            ):
                print(
                    f"| {name} | {ours:.1f} ({least:.1f}) | {theirs:.1f} ({least_theirs:.1f}) "
                    f"| {theirs / ours:.1f}x |"
                )
                sys.stdout.flush()


if __name__ == "__main__":
    main()
