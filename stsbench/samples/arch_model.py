"""Arch model: the plan of an arch as plain arrays, for the kernels in `fields.py`.

Rules owned here:
- Every array is C-contiguous and of one dtype, so that a kernel compiles once for all arches.
- Tables along the arch are sampled every half millimetre of arc length, s = (i - 150) * 0.5 mm.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree

from stsbench.samples.arch_plan import ArchPlan, PlacedTeeth, arch_line, place_teeth
from stsbench.samples.tooth_tables import tooth_row

__all__ = ["ArchModel", "build_arch"]

Values = NDArray[np.float64]
Indices = NDArray[np.int64]

PROFILE_FROM, PROFILE_TO, PROFILE_COUNT = -0.9, 1.3, 111  # height over crown height
MAP_STEP, MAP_X, MAP_Y, MAP_COLUMNS, MAP_ROWS = 0.5, -48.0, -18.0, 193, 185
ALONG_STEP, ALONG_COUNT = 0.5, 301


class ArchModel(NamedTuple):
    """One arch for the kernels; n teeth."""

    origins: Values  # (n, 3) cervical centres
    axes: Values  # (n, 3, 3) rows u, v, w
    profiles: Values  # (n, 4, PROFILE_COUNT): centre u, half u, centre v, half v
    shapes: Values  # (n, 11): height, exponent, taper, shear, fossa, papilla, margin, rounding,
    #                          reach, prepared, worn height
    ridges: Values  # (r, 8)
    ridge_starts: Indices  # (n + 1,)
    grooves: Values  # (g, 6)
    groove_starts: Indices
    facial: Values  # (f, 5)
    facial_starts: Indices
    line_map: Values  # (MAP_COLUMNS, MAP_ROWS, 2): arc length, lateral distance (+ buccal)
    along: Values  # (ALONG_COUNT, 4): ridge top, buccal and lingual half width, margin height
    inner_width: Values  # (200,) inner half width of the arch against y, every 0.5 mm
    frame: Values  # (7,): 1 if upper, arc length of the ridge end, depth of the palate, y behind
    #                      the last tooth, floor z, seed, how widely gaps are bridged
    fdi: Indices  # (n,)
    prepared: Values  # (n,) 1 where a tooth is prepared


def _line_map(arc: Values, xy: Values) -> Values:
    """Arc length and signed distance to the arch line on a grid in the xy plane."""
    line = np.concatenate([xy[:0:-1] * [-1, 1], xy])
    arcs = np.concatenate([-arc[:0:-1], arc])
    x, y = np.meshgrid(
        MAP_X + MAP_STEP * np.arange(MAP_COLUMNS),
        MAP_Y + MAP_STEP * np.arange(MAP_ROWS),
        indexing="ij",
    )
    nodes = np.stack([x.ravel(), y.ravel()], axis=-1)
    distance, nearest = cKDTree(line).query(nodes)
    tangent = np.gradient(line, axis=0)[nearest]
    away = nodes - line[nearest]
    side = np.sign(tangent[:, 1] * away[:, 0] - tangent[:, 0] * away[:, 1])
    table = np.stack([arcs[nearest], side * distance], axis=-1)
    return np.ascontiguousarray(table.reshape(MAP_COLUMNS, MAP_ROWS, 2))


def _profiles(placed: PlacedTeeth) -> Values:
    heights = np.linspace(PROFILE_FROM, PROFILE_TO, PROFILE_COUNT)
    table = np.zeros((len(placed.teeth), 4, PROFILE_COUNT))
    for i, tooth in enumerate(placed.teeth):
        m, d, b, li = (
            PchipInterpolator(*tooth.crown.outline[side])(heights)
            for side in ("mesial", "distal", "buccal", "lingual")
        )
        table[i] = (d - m) / 2, (d + m) / 2, (b - li) / 2, (b + li) / 2
    return table


def _shapes(placed: PlacedTeeth) -> Values:
    table = np.zeros((len(placed.teeth), 11))
    for i, tooth in enumerate(placed.teeth):
        crown, section = tooth.crown, tooth.crown.section
        reach = max(crown.mesiodistal_mm, crown.buccolingual_mm) / 2 + 3.5
        table[i] = (
            crown.height_mm, section.exponent, section.taper, section.shear, section.fossa_mm,
            section.papilla_mm, crown.margin_mm, section.rounding_mm, reach, tooth.prepared,
            crown.worn_mm,
        )  # fmt: skip
    return table


def _along(plan: ArchPlan, placed: PlacedTeeth) -> tuple[Values, float]:
    """Tables along the arch, and the arc length at which the last tooth ends."""
    s = (np.arange(ALONG_COUNT) - ALONG_COUNT // 2) * ALONG_STEP
    present = {tooth.crown.fdi: tooth for tooth in placed.teeth}
    columns = np.full((4, ALONG_COUNT), np.nan)
    for fdi, ends in placed.spans_mm.items():
        here = (s >= min(ends)) & (s < max(ends))
        position = fdi % 10
        front = position <= 3
        row = tooth_row(plan.arch, position)
        half = row.buccolingual_mm / 2
        if fdi in present:
            level = present[fdi].origin[2] + row.section.margin_mm * 0.8
            buccal = 0.66 if front else 0.80 if plan.is_upper else 0.88
            values = (level - 0.9, half * buccal, half * (0.80 if front else 0.82), level)
        else:  # the ridge resorbs: lower and narrower than under a tooth
            level = row.level_mm - row.height_mm + row.section.margin_mm
            lost = 1.0 if front else 1.4
            values = (level - lost, 2.7 if front else 3.3, 2.9 if front else 3.5, level)
        columns[:, here] = np.array(values)[:, None]
    for column in columns:
        known = np.isfinite(column)
        column[:] = np.interp(s, s[known], column[known])
    end = max(abs(x) for ends in placed.spans_mm.values() for x in ends)
    # Tuberosity or retromolar pad: a swelling behind the last tooth.
    past = np.clip((np.abs(s) - end) / 8, 0, 1)
    columns[0] += (1.8 if plan.is_upper else 2.6) * np.sin(np.pi * past) ** 1.5
    width = 6.0 if plan.edentulous else 4.0
    return np.round(np.stack([gaussian_filter1d(c, width) for c in columns], axis=-1), 9), end


def _packed(rows: list[list[tuple[float, ...]]], width: int) -> tuple[Values, Indices]:
    starts = np.cumsum([0, *(len(row) for row in rows)]).astype(np.int64)
    flat = np.array([entry for row in rows for entry in row], dtype=np.float64)
    return flat.reshape(-1, width), starts


def build_arch(plan: ArchPlan, *, bridging: float = 1.0) -> ArchModel:
    """Return the arrays that describe a planned arch.

    Parameters
    ----------
    plan : ArchPlan
    bridging : float
        Factor on the width of gaps between teeth that are closed.

    Returns
    -------
    ArchModel
        In the arch frame, mm.
    """
    placed = place_teeth(plan)
    arc, xy = arch_line(plan.arch)
    along, end = _along(plan, placed)
    teeth = placed.teeth
    ridges, ridge_starts = _packed([tooth.crown.relief.ridges for tooth in teeth], 8)
    grooves, groove_starts = _packed([tooth.crown.relief.grooves for tooth in teeth], 6)
    facial, facial_starts = _packed([tooth.crown.relief.facial for tooth in teeth], 5)
    rows = np.searchsorted(xy[:, 1], np.arange(200) * 0.5).clip(0, len(xy) - 1)
    rng = np.random.default_rng([plan.seed, 2])
    y_behind = float(xy[np.searchsorted(arc, end), 1]) + 6.0
    lowest = float(along[:, 0].min())
    floor = min(-26.0 if plan.is_upper else -19.0, lowest - 12.0)
    frame = (
        float(plan.is_upper),
        end + 11.0,
        rng.uniform(12.5, 15.5),
        y_behind,
        floor,
        plan.seed % 97,
        bridging,
    )
    return ArchModel(
        origins=np.array([tooth.origin for tooth in teeth]).reshape(-1, 3),
        axes=np.array([tooth.axes for tooth in teeth]).reshape(-1, 3, 3),
        profiles=_profiles(placed),
        shapes=_shapes(placed),
        ridges=ridges,
        ridge_starts=ridge_starts,
        grooves=grooves,
        groove_starts=groove_starts,
        facial=facial,
        facial_starts=facial_starts,
        line_map=_line_map(arc, xy),
        along=along,
        inner_width=np.ascontiguousarray(xy[rows, 0]),
        frame=np.array(frame, dtype=np.float64),
        fdi=np.array([tooth.crown.fdi for tooth in teeth], dtype=np.int64),
        prepared=np.array([tooth.prepared for tooth in teeth], dtype=np.float64),
    )
