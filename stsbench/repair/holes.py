"""Which open loop is a hole, which is the border of the scan, and which holes are filled.

Rules owned here (docs/repair.md, "Border or hole"):
- Each piece has one outer border: its loop with the longest rim. It is a hole after all when its
  rim is within the gum limit and it is narrower than a quarter of the piece: a nearly closed body.
- A loop is an open end, as of a tube (scan body, crown), when no vertex of the piece lies
  farther from the loop's axis than the loop itself divided by `_END_SHARE`. It is a border.
- A second loop is a border of its own (gap in the palate, floor of the mouth) when its rim is at
  least `second_border_mm` and its centre lies within `second_border_centre_mm` of the middle of a
  scan at least twice as wide. An answer `loop/<n>` decides otherwise.
- Holes are filled up to the gum limit; above the tooth limit they are put on the review list; above
  the gum limit they stay open and the verdict is hold. An answer `hole/<n>` decides otherwise.
- A hole of more than `WIDEST_RIM` edges stays open whatever is answered; the verdict is hold.
- With a preparation and no margin line no hole is filled; with a margin line none whose rim comes
  nearer than `margin_clearance_mm`.
- Loops are numbered by rim length, longest first.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.answers import Answers
from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.domain.mesh import Mask, Vertices
from stsbench.geometry.boundary import LoopMeasures, LoopSet, boundary_loops, measure_loops
from stsbench.geometry.face_groups import measure_groups
from stsbench.geometry.wide_rims import WIDEST_RIM
from stsbench.repair.draft import Draft
from stsbench.repair.listing import largest_first, place_of
from stsbench.repair.profiles import RepairProfile

__all__ = ["Fate", "LoopPlan", "plan_loops"]

_NEARLY_CLOSED = 0.25
_END_SHARE = 0.6
_ASKED = 8  # vertices of the outer border that tell nearly every hole from an open end
_MARGIN_STEP_MM = 0.1


class Fate(IntEnum):
    """What becomes of a loop; of two fates that meet, the higher wins."""

    FILL = 0
    OPEN = 1
    BORDER = 2


@dataclass(frozen=True, eq=False, slots=True)
class LoopPlan:
    """The loops of a scan and what is to become of each.

    Parameters
    ----------
    loops : LoopSet
        Longest rim first: loop n is the one that answers call ``loop/<n>``.
    measures : LoopMeasures
    fates : (L,) uint8
    findings : tuple of Finding
        One per loop.
    """

    loops: LoopSet
    measures: LoopMeasures
    fates: NDArray[np.uint8]
    findings: tuple[Finding, ...]


def plan_loops(
    draft: Draft,
    component: NDArray[np.int32],
    *,
    profile: RepairProfile,
    answers: Answers,
    preparation: bool = False,
    margin_line: Vertices | None = None,
) -> LoopPlan:
    """Decide about every open loop of a tidied scan.

    Parameters
    ----------
    draft : Draft
    component : (F,) int32
    profile : RepairProfile
    answers : Answers
    preparation : bool
    margin_line : (N, 3) float64, mm, optional
    """
    loops = boundary_loops(draft.faces, draft.twin)
    measures = measure_loops(draft.vertices, loops)
    order = largest_first(measures.rim_mm, measures.centre_mm)
    loops = loops.take(order)
    measures = LoopMeasures(
        measures.length_mm[order],
        measures.rim_mm[order],
        measures.centre_mm[order],
        measures.area_mm2[order],
        measures.width_mm[order],
    )
    is_border = _borders(draft, component, loops, measures, profile, answers)
    near = _near_margin(draft.vertices, loops, margin_line, profile.margin_clearance_mm)
    fates = np.empty(len(loops), dtype=np.uint8)
    findings = []
    for n in range(len(loops)):
        fate, severity, action, detail = _decide(
            n, float(measures.rim_mm[n]), len(loops.loop(n)), bool(is_border[n]), bool(near[n]),
            profile, answers, preparation and margin_line is None,
        )  # fmt: skip
        fates[n] = fate
        findings.append(
            Finding(
                FindingKind.BORDER if fate is Fate.BORDER else FindingKind.HOLE,
                place_of(measures.centre_mm[n]),
                float(measures.rim_mm[n]),
                float(measures.area_mm2[n]),
                len(loops.loop(n)),
                severity,
                action,
                f"Loop {n}: {detail}",
            )
        )
    return LoopPlan(loops, measures, fates, tuple(findings))


def _decide(
    n: int,
    rim_mm: float,
    edges: int,
    border: bool,
    near_margin: bool,
    profile: RepairProfile,
    answers: Answers,
    unmarked: bool,
) -> tuple[Fate, Severity, Action, str]:
    if border:
        second = n > 0 and answers.get(f"loop/{n}") != "border"
        severity = Severity.REVIEW if second else Severity.NOTE
        return Fate.BORDER, severity, Action.KEPT, "border of the scan, kept as it is."
    wish = answers.get(f"hole/{n}")
    if wish == "keep_open":
        return Fate.OPEN, Severity.REVIEW, Action.LEFT_OPEN, "left open as answered."
    if unmarked:
        return Fate.OPEN, Severity.HOLD, Action.LEFT_OPEN, "left open: no margin line is marked."
    if near_margin:
        detail = f"left open: within {profile.margin_clearance_mm:g} mm of the margin line."
        return Fate.OPEN, Severity.HOLD, Action.LEFT_OPEN, detail
    if rim_mm > profile.gum_limit_mm and wish != "fill":
        detail = f"left open: longer than {profile.gum_limit_mm:g} mm."
        return Fate.OPEN, Severity.HOLD, Action.LEFT_OPEN, detail
    if edges > WIDEST_RIM:
        detail = f"left open: {edges:,} edges, more than the {WIDEST_RIM:,} a patch may have."
        return Fate.OPEN, Severity.HOLD, Action.LEFT_OPEN, detail
    if rim_mm > profile.tooth_limit_mm or wish == "fill":
        detail = f"filled; look at it if it lies on a tooth (over {profile.tooth_limit_mm:g} mm)."
        return Fate.FILL, Severity.REVIEW, Action.FILLED, detail
    return Fate.FILL, Severity.NOTE, Action.FILLED, "filled."


def _borders(
    draft: Draft,
    component: NDArray[np.int32],
    loops: LoopSet,
    measures: LoopMeasures,
    profile: RepairProfile,
    answers: Answers,
) -> NDArray[np.bool_]:
    border = np.zeros(len(loops), dtype=bool)
    if not len(loops):
        return border
    piece = component[loops.half_edges[loops.offsets[:-1]] // 3]
    outer: dict[int, int] = {}
    firsts = {int(own): n for n, own in reversed(list(enumerate(piece)))}
    may_be_end = _may_be_ends(draft, loops, np.array([firsts[int(own)] for own in piece]))
    for n in range(len(loops)):
        own = int(piece[n])
        rim, width = float(measures.rim_mm[n]), float(measures.width_mm[n])
        if own not in outer:
            outer[own] = n
            border[n] = (
                rim > profile.gum_limit_mm
                or width >= _NEARLY_CLOSED * _extent(draft, component == own)[1]
                or _is_end(draft, component, loops, n, n)
            )
        else:
            border[n] = may_be_end[n] and _is_end(draft, component, loops, n, outer[own])
            if not border[n] and rim >= profile.second_border_mm:
                middle, extent = _extent(draft, component == own)
                away = float(np.linalg.norm(measures.centre_mm[n] - middle))
                border[n] = away <= profile.second_border_centre_mm and extent >= 2 * width
        answer = answers.get(f"loop/{n}")
        if answer in ("border", "hole"):
            border[n] = answer == "border"
    return border


def _extent(draft: Draft, piece: Mask) -> tuple[NDArray[np.float64], float]:
    """Return the middle of a piece's surface, and twice the way to its farthest vertex."""
    faces = draft.faces[piece]
    whole = measure_groups(draft.vertices, faces, np.zeros(len(faces), dtype=np.int64))
    middle = whole.centre_mm[0]
    corners = draft.vertices[np.unique(faces)]
    return middle, 2 * float(np.linalg.norm(corners - middle, axis=1).max())


def _may_be_ends(draft: Draft, loops: LoopSet, outer: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Exclude loops that are no open ends by a few vertices of the outer border, all at once."""
    starts, loop_of = loops.offsets[:-1], loops.loop_of()
    size = np.diff(loops.offsets)
    rim = draft.vertices[loops.vertices]
    middle = np.add.reduceat(rim, starts) / size[:, None]
    around = rim - middle[loop_of]
    following = np.arange(1, len(rim) + 1)
    following[loops.offsets[1:] - 1] = starts
    axis = np.add.reduceat(np.cross(around, around[following]), starts)
    axis /= np.maximum(np.linalg.norm(axis, axis=1), 1e-300)[:, None]
    reach = np.maximum.reduceat(np.linalg.norm(np.cross(around, axis[loop_of]), axis=1), starts)
    may = np.ones(len(loops), dtype=bool)
    for part in range(_ASKED):
        place = loops.offsets[outer] + part * size[outer] // _ASKED
        away = np.linalg.norm(np.cross(rim[place] - middle, axis), axis=1)
        may &= away <= (reach + 1e-6) / _END_SHARE
    return may


def _is_end(draft: Draft, component: NDArray[np.int32], loops: LoopSet, n: int, outer: int) -> bool:
    """Say whether a loop is an open end: nearly as wide as the whole piece, seen along its axis."""
    rim = draft.vertices[loops.loop(n)]
    middle = rim.mean(axis=0)
    around = rim - middle
    axis = np.cross(around, np.roll(around, -1, axis=0)).sum(axis=0)
    size = float(np.linalg.norm(axis))
    if size == 0:
        return False
    axis /= size

    def widest(places: Vertices) -> float:
        away = places - middle
        across = away - (away @ axis)[:, None] * axis
        return float(np.linalg.norm(across, axis=1).max())

    farthest = widest(rim) / _END_SHARE
    # The outer border alone excludes nearly every hole of a scan.
    if widest(draft.vertices[loops.loop(outer)]) > farthest:
        return False
    own = component == component[loops.edges_of(n)[0] // 3]
    return widest(draft.vertices[np.unique(draft.faces[own])]) <= farthest


def _near_margin(
    vertices: Vertices, loops: LoopSet, margin_line: Vertices | None, clearance_mm: float
) -> NDArray[np.bool_]:
    near = np.zeros(len(loops), dtype=bool)
    if margin_line is None or not len(loops) or not len(margin_line):
        return near
    from scipy.spatial import cKDTree  # noqa: PLC0415 - 0.2 s that few repairs need

    line = np.asarray(margin_line, dtype=np.float64).reshape(-1, 3)
    pieces = [line[:1]]
    for start, end in zip(line, np.roll(line, -1, axis=0), strict=True):
        steps = max(1, int(np.ceil(np.linalg.norm(end - start) / _MARGIN_STEP_MM)))
        pieces.append(start + (end - start) * (np.arange(1, steps + 1) / steps)[:, None])
    distance, _ = cKDTree(np.concatenate(pieces)).query(vertices[loops.vertices])
    np.logical_or.at(near, loops.loop_of(), distance <= clearance_mm + _MARGIN_STEP_MM / 2)
    return near
