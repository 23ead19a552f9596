"""Fill the holes of one scan with one library: `python fill_worker.py NAME in.npz out.npz`.

In: vertices, faces, and one vertex of each hole's rim. Out: vertices, the faces that were added, and
the seconds of filling alone. Runs in the peers' environment and imports nothing of stsbench.
"""

import sys
import time

import numpy as np


def added_faces(old_vertices, vertices, faces, old_faces):
    """Faces that were not there: by their corners' positions, since libraries renumber."""
    known = {p.tobytes(): n for n, p in enumerate(np.float32(old_vertices) + np.float32(0))}
    names = np.array([known.get(p.tobytes(), -1) for p in np.float32(vertices) + np.float32(0)])
    before = {tuple(sorted(f)) for f in old_faces.tolist()}
    named = names[faces]
    inner = (named < 0).any(axis=1)
    same = [
        bool(i) or tuple(sorted(f)) not in before
        for i, f in zip(inner, named.tolist(), strict=True)
    ]
    return faces[np.array(same)]


def meshlib(vertices, faces, rims):
    from meshlib import mrmeshnumpy as mn
    from meshlib import mrmeshpy as mm

    mesh = mn.meshFromFacesVerts(faces, vertices.astype(np.float32))
    wanted = set(rims.tolist())
    edges = [
        e
        for e in mesh.topology.findHoleRepresentiveEdges()
        if any(
            int(mesh.topology.org(x).get()) in wanted
            for x in mm.trackRightBoundaryLoop(mesh.topology, e)
        )
    ]
    count = len(mn.getNumpyVerts(mesh))
    start = time.process_time()
    filled = []
    for edge in edges:
        loop = mm.trackRightBoundaryLoop(mesh.topology, edge)
        settings = mm.FillHoleNicelySettings()
        settings.triangulateParams.metric = mm.getUniversalMetric(mesh)
        settings.subdivideSettings.maxEdgeLen = 1.2 * mesh.holePerimeter(edge) / len(loop)
        settings.subdivideSettings.maxEdgeSplits = 20000
        settings.smoothCurvature = True
        filled.append(np.flatnonzero(mn.getNumpyBitSet(mm.fillHoleNicely(mesh, edge, settings))))
    seconds = time.process_time() - start
    assert count <= len(mn.getNumpyVerts(mesh))
    return mn.getNumpyVerts(mesh), mn.getNumpyFaces(mesh.topology)[np.concatenate(filled)], seconds


def pymeshfix(vertices, faces, _rims):
    import pymeshfix as library

    mesh = library.PyTMesh()
    mesh.load_array(vertices, faces)
    start = time.process_time()
    mesh.fill_small_boundaries(400, True)
    seconds = time.process_time() - start
    made, triangles = mesh.return_arrays()
    return made, added_faces(vertices, made, triangles, faces), seconds


def pymeshlab(vertices, faces, _rims):
    import pymeshlab as library

    meshes = library.MeshSet()
    meshes.add_mesh(library.Mesh(vertices, faces))
    start = time.process_time()
    meshes.meshing_close_holes(
        maxholesize=400,
        newfaceselected=False,
        refinehole=True,
        refineholeedgelen=library.PercentageValue(0.5),
    )
    seconds = time.process_time() - start
    mesh = meshes.current_mesh()
    made, triangles = mesh.vertex_matrix(), mesh.face_matrix()
    return made, added_faces(vertices, made, triangles, faces), seconds


def vtk(vertices, faces, _rims):
    from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
    from vtkmodules.vtkFiltersModeling import vtkFillHolesFilter

    data, points, cells = vtkPolyData(), vtkPoints(), vtkCellArray()
    points.SetData(numpy_to_vtk(vertices, deep=True))
    rows = np.column_stack([np.full(len(faces), 3), faces]).ravel().astype(np.int64)
    cells.SetCells(len(faces), numpy_to_vtkIdTypeArray(rows, deep=True))
    data.SetPoints(points)
    data.SetPolys(cells)
    start = time.process_time()
    filler = vtkFillHolesFilter()
    filler.SetInputData(data)
    filler.SetHoleSize(6.0)
    filler.Update()
    seconds = time.process_time() - start
    out = filler.GetOutput()
    triangles = vtk_to_numpy(out.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    made = vtk_to_numpy(out.GetPoints().GetData())
    return made, added_faces(vertices, made, triangles.astype(np.int32), faces), seconds


if __name__ == "__main__":
    name, source, target = sys.argv[1:]
    with np.load(source) as data:
        vertices, faces, seconds = globals()[name](data["vertices"], data["faces"], data["rims"])
    np.savez(target, vertices=np.float64(vertices), faces=np.int32(faces), seconds=seconds)
