"""Put another triangulation of a repaired scan in its place and keep the edit record true.

Rules owned here:
- Faces that are the same keep their source and reason; the others count as removed and made again,
  with the reason of what was done. Vertices in their old place keep their source.
- What was done is listed among the findings with its figures.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditReason, EditRecord
from stsbench.domain.findings import Action, Finding, FindingKind
from stsbench.domain.mesh import TriangleMesh
from stsbench.geometry.face_measures import measure_faces
from stsbench.repair.listing import place_of
from stsbench.repair.result import RepairResult

__all__ = ["with_other_mesh"]


def with_other_mesh(
    result: RepairResult,
    mesh: TriangleMesh,
    *,
    vertex_source: NDArray[np.int32],
    face_source: NDArray[np.int32],
    reason: EditReason,
    action: Action,
    detail: str,
) -> RepairResult:
    """Return a result with another mesh.

    Parameters
    ----------
    result : RepairResult
    mesh : TriangleMesh
    vertex_source : (V,) int32
        Index in the result's mesh, -1 for vertices that were not in it.
    face_source : (F,) int32
        The same of faces.
    reason : EditReason
        Of faces that went or came.
    action : Action
    detail : str
        A sentence for the list of findings.
    """
    before, first = result.mesh, result.edits
    kept, stayed = face_source >= 0, vertex_source >= 0
    went = np.ones(before.face_count, dtype=bool)
    went[face_source[kept]] = False
    sources = first.face_source[went]
    sources = sources[sources >= 0]
    removed = np.concatenate([first.removed_face, sources])
    why = np.concatenate([first.removed_reason, np.full(len(sources), reason, dtype=np.uint8)])
    order = np.argsort(removed, kind="stable")
    edits = EditRecord(
        np.where(stayed, first.vertex_source[vertex_source], -1).astype(np.int32),
        np.where(stayed, first.vertex_moved_mm[vertex_source], 0).astype(np.float32),
        np.where(kept, first.face_source[face_source], -1).astype(np.int32),
        removed[order].astype(np.int32),
        why[order].astype(np.uint8),
        np.where(kept, first.added_reason[face_source], reason).astype(np.uint8),
    )
    area = measure_faces(mesh.vertices, mesh.faces).area_mm2
    edited = float(area[edits.edited_faces].sum())
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    note = Finding(
        FindingKind.BY_HAND,
        place_of((low + high) / 2),
        float(np.linalg.norm(high - low)),
        edited,
        abs(before.face_count - mesh.face_count),
        action=action,
        detail=detail,
    )
    return replace(
        result,
        mesh=mesh,
        edits=edits,
        findings=(*result.findings, note),
        edited_mm2=edited,
        edited_share=edited / float(area.sum()),
    )
