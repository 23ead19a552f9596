"""Runs one mesh library in a process of its own: `python peer_worker.py NAME`.

Reads one JSON line per job, {"in": path, "out": path}, and answers one: wall and CPU seconds, peak
memory so far. Each library is used as its documentation shows for this task: load, weld, drop
debris, fix self-intersections where it can, fill every hole but the longest loop, save as PLY.

This file imports nothing of stsbench but in its own worker: it runs in the peers' environment.
"""

import contextlib
import json
import os
import sys
import time
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "2")

LONGEST_HOLE_MM = 15.0  # the limit of the profile `study`


def _stsbench():
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    import stsbench

    def repair(source, target):
        stsbench.repair_file(source, target)

    return repair


def _meshlib(fix):
    from meshlib import mrmeshpy as mm

    def repair(source, target):
        mesh = mm.loadMesh(source)
        mm.fixMultipleEdges(mesh)
        mm.duplicateMultiHoleVertices(mesh)
        part = mm.MeshComponents.getLargestComponent(mm.MeshPart(mesh))
        mesh.deleteFaces(mesh.topology.getValidFaces() - part)
        if fix:
            settings = mm.SelfIntersections.Settings()
            settings.method = mm.SelfIntersections.Settings.Method.CutAndFill
            mm.SelfIntersections.fix(mesh, settings)
        holes = list(mesh.topology.findHoleRepresentiveEdges())
        rims = [mesh.holePerimeter(edge) for edge in holes]
        average = mesh.averageEdgeLength()
        border = max(range(len(rims)), key=rims.__getitem__, default=-1)
        for n, edge in enumerate(holes):
            if n == border or rims[n] > LONGEST_HOLE_MM:
                continue
            settings = mm.FillHoleNicelySettings()
            settings.triangulateParams.metric = mm.getUniversalMetric(mesh)
            settings.subdivideSettings.maxEdgeLen = 1.4 * average
            settings.smoothCurvature = True
            mm.fillHoleNicely(mesh, edge, settings)
        mesh.pack()
        mm.saveMesh(mesh, target)

    return repair


def _vtk():
    from vtkmodules.vtkFiltersCore import (
        vtkCleanPolyData,
        vtkPolyDataConnectivityFilter,
        vtkPolyDataNormals,
    )
    from vtkmodules.vtkFiltersModeling import vtkFillHolesFilter
    from vtkmodules.vtkIOGeometry import vtkSTLReader
    from vtkmodules.vtkIOPLY import vtkPLYWriter

    def repair(source, target):
        reader = vtkSTLReader()
        reader.SetFileName(source)
        reader.MergingOff()
        clean = vtkCleanPolyData()
        clean.SetInputConnection(reader.GetOutputPort())
        clean.SetTolerance(0.0)
        largest = vtkPolyDataConnectivityFilter()
        largest.SetInputConnection(clean.GetOutputPort())
        largest.SetExtractionModeToLargestRegion()
        filled = vtkFillHolesFilter()
        filled.SetInputConnection(largest.GetOutputPort())
        filled.SetHoleSize(LONGEST_HOLE_MM / 6.0)  # it takes a radius
        normals = vtkPolyDataNormals()
        normals.SetInputConnection(filled.GetOutputPort())
        normals.ConsistencyOn()
        normals.SplittingOff()
        normals.ComputePointNormalsOff()
        normals.ComputeCellNormalsOff()
        writer = vtkPLYWriter()
        writer.SetInputConnection(normals.GetOutputPort())
        writer.SetFileName(target)
        writer.SetFileTypeToBinary()
        writer.Write()

    return repair


def _libigl():
    import igl
    import numpy as np

    def repair(source, target):
        raw = np.fromfile(
            source, dtype=np.dtype([("n", "<f4", 3), ("v", "<f4", (3, 3)), ("a", "<u2")]), offset=84
        )
        soup = raw["v"].reshape(-1, 3).astype(np.float64)
        index = np.arange(len(soup)).reshape(-1, 3)
        vertices, _, _, faces = igl.remove_duplicate_vertices(soup, index, 0.0)
        faces = igl.resolve_duplicated_faces(faces)[0]
        component = igl.facet_components(faces)
        component = np.asarray(component[1])
        faces = faces[component == np.bincount(component).argmax()]
        faces = igl.bfs_orient(faces)[0]
        igl.write_triangle_mesh(target, vertices, faces)

    return repair


def _pymeshfix():
    import numpy as np
    import pymeshfix

    def repair(source, target):
        raw = np.fromfile(
            source, dtype=np.dtype([("n", "<f4", 3), ("v", "<f4", (3, 3)), ("a", "<u2")]), offset=84
        )
        vertices, index = np.unique(raw["v"].reshape(-1, 3), axis=0, return_inverse=True)
        mesh = pymeshfix.PyTMesh()
        mesh.load_array(vertices.astype(np.float64), index.reshape(-1, 3).astype(np.int32))
        mesh.remove_smallest_components()
        # clean() would close the whole scan; these are its parts that keep the border.
        mesh.strong_degeneracy_removal(3)
        mesh.strong_intersection_removal(3)
        mesh.fill_small_boundaries(100, True)
        mesh.save_file(target)

    return repair


def _pymeshlab():
    import pymeshlab as ml

    def repair(source, target):
        meshes = ml.MeshSet()
        meshes.load_new_mesh(source)
        meshes.meshing_remove_duplicate_vertices()
        meshes.meshing_remove_duplicate_faces()
        meshes.meshing_remove_null_faces()
        meshes.meshing_remove_connected_component_by_diameter(
            mincomponentdiag=ml.PercentageValue(20)
        )
        meshes.meshing_repair_non_manifold_edges()
        meshes.meshing_repair_non_manifold_vertices()
        meshes.meshing_re_orient_faces_coherently()
        meshes.compute_selection_by_self_intersections_per_face()
        meshes.meshing_remove_selected_faces()
        meshes.meshing_repair_non_manifold_edges()
        meshes.meshing_repair_non_manifold_vertices()
        meshes.meshing_close_holes(maxholesize=100, newfaceselected=False)
        meshes.save_current_mesh(target, binary=True)

    return repair


def _trimesh():
    import numpy as np
    import trimesh

    def repair(source, target):
        mesh = trimesh.load_mesh(source, process=True)
        mesh.update_faces(mesh.unique_faces() & mesh.nondegenerate_faces())
        label = trimesh.graph.connected_component_labels(mesh.face_adjacency, len(mesh.faces))
        mesh.update_faces(label == np.bincount(label).argmax())
        mesh.remove_unreferenced_vertices()
        trimesh.repair.fix_winding(mesh)
        trimesh.repair.fill_holes(mesh)
        mesh.export(target)

    return repair


MAKERS = {
    "stsbench": _stsbench,
    "meshlib": lambda: _meshlib(True),
    "meshlib-unfixed": lambda: _meshlib(False),
    "vtk": _vtk,
    "libigl": _libigl,
    "pymeshfix": _pymeshfix,
    "pymeshlab": _pymeshlab,
    "trimesh": _trimesh,
}


def _memory_mib():
    """Peak and present memory of this process."""
    fields = {}
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        name, _, rest = line.partition(":")
        fields[name] = rest.split()
    return int(fields["VmHWM"][0]) / 1024, int(fields["VmRSS"][0]) / 1024


def main():
    # Libraries write to stdout as they like: answers go out by a descriptor of their own.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])  # two cores for everybody
    started = time.perf_counter()
    repair = MAKERS[sys.argv[1]]()
    ready = {"ready_s": time.perf_counter() - started, "base_mib": _memory_mib()[1]}
    answers.write(json.dumps(ready) + "\n")
    answers.flush()
    for line in sys.stdin:
        job = json.loads(line)
        answer = {}
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")  # peak memory counts from here
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            repair(job["in"], job["out"])
        except Exception as error:  # noqa: BLE001 - a peer that fails is a result
            answer["error"] = f"{type(error).__name__}: {error}"[:200]
        answer["wall_s"] = time.perf_counter() - wall
        answer["cpu_s"] = time.process_time() - cpu
        answer["peak_mib"], answer["rss_mib"] = _memory_mib()
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
