"""Steps in a surface: how much better a quadric with a ramp in it fits than a quadric alone.

Rules owned here:
- About a vertex, within `REACH_MM`, the surface is a height over the plane of its mean normal. A
  quadric is fitted to it, then a quadric and a ramp `RAMP_MM` wide from 0 to 1: the ramp's factor is
  the height of the step, mm.
- The ramp runs through the vertex in each of `WAYS` directions and the best one counts; or it lies
  where a given plane cuts the surface.
- Nothing is fitted within reach of the border, where normals point in many directions (`UNITY`), or
  where the quadric alone misfits by less than `LEAST_MM`.

Source: partitioned least squares by Cholesky factors: Golub and Van Loan, Matrix Computations, 4th
edition, ch. 5; the limits are choices.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Mask, Vertices
from stsbench.geometry.compiled import in_threads, kernel

__all__ = ["REACH_MM", "StepFits", "fit_steps"]

REACH_MM = 1.1
RAMP_MM = 0.5
WAYS = 8
UNITY = 0.6
LEAST_MM = 0.015
_ROOM = 4096
_FEWEST = 16
_CHUNKS = 8

Doubles = NDArray[np.float64]


class StepFits:
    """What was fitted about each asked vertex.

    Parameters
    ----------
    table : (N, 10) float64
        Height of the step in mm, misfit of the quadric alone and with the ramp, how much the ramp
        is seen (0 where nothing was fitted), direction up the step, mean normal.
    """

    def __init__(self, table: Doubles) -> None:
        self.height_mm = table[:, 0]
        self.plain_mm = table[:, 1]
        self.misfit_mm = table[:, 2]
        self.seen = table[:, 3]
        self.way = table[:, 4:7]
        self.normal = table[:, 7:10]


@kernel
def _fit(vertices, start, around, border, sums, asked, cut, table):
    """Fill the table of `StepFits`; `cut` is the plane as (a, b, c, d), zeros for every direction."""
    mark = np.full(len(vertices), -1, np.int32)
    ring = np.empty(_ROOM, np.int32)
    row = np.empty((_ROOM, 7))
    square = np.empty((6, 6))
    part = np.empty(6)
    ramp = np.empty(6)
    axes = np.empty((3, 3))
    given = cut[0] != 0 or cut[1] != 0 or cut[2] != 0
    for i in range(len(asked)):
        v = asked[i]
        mark[v] = v
        ring[0] = v
        count = 1
        at = 0
        whole = True
        axes[2] = 0.0
        area = 0.0
        while at < count:
            u = ring[at]
            at += 1
            whole = whole and not border[u]
            area += sums[u, 3]
            for m in range(3):
                axes[2, m] += sums[u, m]
            for y in range(start[u], start[u + 1]):
                w = around[y]
                if mark[w] == v or count == _ROOM:
                    continue
                away = 0.0
                for m in range(3):
                    away += (vertices[w, m] - vertices[v, m]) ** 2
                if away <= REACH_MM * REACH_MM:
                    mark[w] = v
                    ring[count] = w
                    count += 1
        size = np.sqrt(axes[2, 0] ** 2 + axes[2, 1] ** 2 + axes[2, 2] ** 2)
        if not whole or count < _FEWEST or not size > UNITY * area:
            continue
        least = 0
        for m in range(3):
            axes[2, m] /= size
            if abs(axes[2, m]) < abs(axes[2, least]):
                least = m
        tilt = axes[2, least]
        size = np.sqrt(1.0 - tilt * tilt)
        for m in range(3):
            axes[0, m] = ((1.0 if m == least else 0.0) - tilt * axes[2, m]) / size
        axes[1, 0] = axes[2, 1] * axes[0, 2] - axes[2, 2] * axes[0, 1]
        axes[1, 1] = axes[2, 2] * axes[0, 0] - axes[2, 0] * axes[0, 2]
        axes[1, 2] = axes[2, 0] * axes[0, 1] - axes[2, 1] * axes[0, 0]
        square[:] = 0.0
        part[:] = 0.0
        left = 0.0
        for x in range(count):
            for m in range(3):
                along = 0.0
                for n in range(3):
                    along += axes[m, n] * (vertices[ring[x], n] - vertices[v, n])
                row[x, 1 + m if m < 2 else 6] = along
            row[x, 0] = 1.0
            row[x, 3] = row[x, 1] * row[x, 1]
            row[x, 4] = row[x, 1] * row[x, 2]
            row[x, 5] = row[x, 2] * row[x, 2]
            left += row[x, 6] * row[x, 6]
            for m in range(6):
                part[m] += row[x, m] * row[x, 6]
                for n in range(m + 1):
                    square[m, n] += row[x, m] * row[x, n]
        sound = True
        for m in range(6):
            for n in range(m + 1):
                rest = square[m, n]
                for k in range(n):
                    rest -= square[m, k] * square[n, k]
                if m == n:
                    sound = sound and rest > 1e-12
                    square[m, m] = np.sqrt(max(rest, 1e-12))
                else:
                    square[m, n] = rest / square[n, n]
            for k in range(m):
                part[m] -= square[m, k] * part[k]
            part[m] /= square[m, m]
            left -= part[m] * part[m]
        left = max(left, 0.0)
        plain = np.sqrt(left / count)
        if not sound or (plain < LEAST_MM and not given):
            continue
        for way in range(1 if given else WAYS):
            cosine = np.cos(np.pi * way / WAYS)
            sine = np.sin(np.pi * way / WAYS)
            ramp[:] = 0.0
            product = 0.0
            seen = 0.0
            for x in range(count):
                along = cosine * row[x, 1] + sine * row[x, 2]
                if given:
                    along = -cut[3]
                    for m in range(3):
                        along += cut[m] * vertices[ring[x], m]
                value = min(1.0, max(0.0, along / RAMP_MM + 0.5))
                product += value * row[x, 6]
                seen += value * value
                for m in range(6):
                    ramp[m] += value * row[x, m]
            whole_ramp = seen
            for m in range(6):
                for k in range(m):
                    ramp[m] -= square[m, k] * ramp[k]
                ramp[m] /= square[m, m]
                product -= ramp[m] * part[m]
                seen -= ramp[m] * ramp[m]
            if seen < 1e-3 * whole_ramp + 1e-9:
                continue
            misfit = np.sqrt(max(left - product * product / seen, 0.0) / count)
            if table[i, 3] == 0 or misfit < table[i, 2]:
                table[i, 0] = product / seen
                table[i, 1] = plain
                table[i, 2] = misfit
                table[i, 3] = seen
                for m in range(3):
                    table[i, 4 + m] = cosine * axes[0, m] + sine * axes[1, m]
                    table[i, 7 + m] = axes[2, m]


def fit_steps(
    vertices: Vertices,
    rings: tuple[NDArray[np.int32], NDArray[np.int32]],
    border: Mask,
    sums: Doubles,
    asked: NDArray[np.int32],
    *,
    cut: Doubles | None = None,
) -> StepFits:
    """Fit a step about some vertices.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    rings : (start, around)
        From `vertex_rings.vertex_neighbours`.
    border : (V,) bool
    sums : (V, 4) float64
        Vector area about every vertex (`wide_normals.sum_near`).
    asked : (N,) int32
    cut : (4,) float64, optional
        Unit normal of a plane and its distance from the origin: the step lies where it cuts.
    """
    table = np.zeros((len(asked), 10))
    plane = np.zeros(4) if cut is None else np.ascontiguousarray(cut, dtype=np.float64)
    ends = np.linspace(0, len(asked), _CHUNKS + 1).astype(int)

    def fit(part: slice) -> None:
        _fit(vertices, *rings, border, sums, asked[part], plane, table[part])

    in_threads(fit, [slice(low, high) for low, high in zip(ends[:-1], ends[1:], strict=True)])
    return StepFits(table)
