"""Pixels: creases, rings, legends and the PNG file, in numpy alone.

Rules owned here:
- Depth shows: crevices darken by how far they lie below their surroundings, which reads as the
  shadow between two teeth and costs a tenth of screen-space occlusion.
- A picture file holds pixels and nothing else: no text, no time, no software name.
- Same pixels, same bytes.

References
----------
Luft, Colditz, Deussen, Image enhancement by unsharp masking the depth buffer, ACM TOG 25(3), 2006.
W3C, Portable Network Graphics (PNG) Specification, third edition, sections 9 and 11.
"""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Canvas",
    "blend",
    "darken_creases",
    "depth_of_three",
    "draw_ring",
    "encode_png",
    "fill_box",
    "two_of_three",
]

Canvas = NDArray[np.uint8]  # (H, W, 3)
_CREASES = ((0.7, 0.45, 0.38), (3.0, 2.4, 0.25))  # blur mm, depth mm for full effect, strength


def two_of_three(image: NDArray[np.generic]) -> NDArray[np.float32]:
    """Average blocks of 3 x 3 pixels into 2 x 2: (3H/2, 3W/2, ...) -> (H, W, ...) float32."""
    rows = _blend_thirds(image.astype(np.float32))
    return _blend_thirds(rows.swapaxes(0, 1)).swapaxes(0, 1)


def _blend_thirds(image: NDArray[np.float32]) -> NDArray[np.float32]:
    first, middle, last = image[0::3], image[1::3], image[2::3]
    out = np.empty((2 * len(first), *image.shape[1:]), dtype=np.float32)
    out[0::2] = (2.0 * first + middle) / 3.0
    out[1::2] = (middle + 2.0 * last) / 3.0
    return out


def depth_of_three(depth: NDArray[np.float32], *, step: float) -> NDArray[np.float32]:
    """Average depth like colour, but keep the deepest sample where the surface steps.

    The rim of a near surface then darkens with what lies behind it, instead of shining, and a slope
    stays a slope.

    Parameters
    ----------
    depth : (3H/2, 3W/2) float32
    step : float
        Difference between neighbours from which they are two surfaces.
    """
    mean, deepest = two_of_three(depth), _deepest_thirds(_deepest_thirds(depth).T).T
    return np.where(deepest - mean > step, deepest, mean)


def _deepest_thirds(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    out = np.empty((2 * (len(depth) // 3), depth.shape[1]), dtype=np.float32)
    np.maximum(depth[0::3], depth[1::3], out=out[0::2])
    np.maximum(depth[1::3], depth[2::3], out=out[1::2])
    return out


def darken_creases(
    image: NDArray[np.float32], depth_mm: NDArray[np.float32], *, mm_per_pixel: float
) -> NDArray[np.float32]:
    """Darken what lies deeper than its surroundings.

    Parameters
    ----------
    image : (H, W, 3) float32
    depth_mm : (H, W) float32, mm
        Distance from the viewer; NaN where there is no surface. H and W are even.
    mm_per_pixel : float

    Returns
    -------
    (H, W, 3) float32
    """
    seen = np.isfinite(depth_mm)
    if not seen.any():
        return image
    depth = np.where(seen, depth_mm, np.float32(0.0))
    # The surroundings are smooth: half the resolution looks the same for a quarter of the cost.
    weight = _halve(seen.astype(np.float32))
    # The background counts as depth 0: it adds nothing to its surroundings and is never sunk.
    coarse = _halve(depth)
    shade = np.ones_like(depth)
    for blur_mm, full_mm, strength in _CREASES:
        size = max(3, 2 * round(blur_mm / mm_per_pixel / 2) + 1)
        held = np.maximum(_blur(weight, size), np.float32(1e-3))
        around = (_blur(coarse, size) / held).astype(np.float32)
        sunk = np.clip((depth - _double(around)) / np.float32(full_mm), 0.0, 1.0)
        shade *= 1.0 - np.float32(strength) * sunk
    return image * shade[..., None]


def _halve(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average blocks of 2 x 2 pixels."""
    rows = values[0::2] + values[1::2]
    return (rows[:, 0::2] + rows[:, 1::2]) * np.float32(0.25)


def _double(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Interpolate to twice the size: (H, W) -> (2H, 2W)."""
    return _stretch(_stretch(values).T).T


def _stretch(values: NDArray[np.float32]) -> NDArray[np.float32]:
    near, far = np.float32(0.75), np.float32(0.25)
    out = np.empty((2 * len(values), values.shape[1]), dtype=np.float32)
    out[0::2] = near * values + far * values[[0, *range(len(values) - 1)]]
    out[1::2] = near * values + far * values[[*range(1, len(values)), -1]]
    return out


def _blur(values: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Blur by a box twice: close to a Gaussian and as quick for wide ones."""
    once = _box(_box(values, size).T, size)
    return _box(_box(once, size).T, size)


def _box(values: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Average so many rows, an odd number, about each; the outermost go on beyond the edge.

    Sums in numpy: scipy.ndimage takes longer to import than a picture to draw.
    """
    half = size // 2
    edges = np.repeat(values[:1], half + 1, axis=0), np.repeat(values[-1:], half, axis=0)
    sums = np.cumsum(np.concatenate([edges[0], values, edges[1]]), axis=0, dtype=np.float64)
    return ((sums[size:] - sums[:-size]) / size).astype(np.float32)


def blend(
    canvas: Canvas,
    cover: NDArray[np.floating],
    colour: tuple[int, int, int],
    *,
    left: int,
    top: int,
) -> None:
    """Lay a colour on the canvas in place, as dense as `cover` (h, w) from 0 to 1 says.

    What hangs over the edge of the canvas is cut off.
    """
    height, width = cover.shape
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + width, canvas.shape[1]), min(top + height, canvas.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = cover[y0 - top : y1 - top, x0 - left : x1 - left, None]
    below = canvas[y0:y1, x0:x1].astype(np.float64)
    mixed = below * (1.0 - part) + np.asarray(colour, dtype=np.float64) * part
    canvas[y0:y1, x0:x1] = np.rint(mixed).astype(np.uint8)


def fill_box(
    canvas: Canvas, colour: tuple[int, int, int], *, left: int, top: int, width: int, height: int
) -> None:
    """Fill a box in place."""
    blend(canvas, np.ones((height, width)), colour, left=left, top=top)


def draw_ring(
    canvas: Canvas,
    *,
    x: float,
    y: float,
    radius: float,
    line: float,
    colour: tuple[int, int, int],
    faint: bool = False,
) -> None:
    """Draw a smooth circle in place; `faint` dashes it, for a place behind the surface."""
    reach = int(np.ceil(radius + line + 2))
    left, top = int(np.floor(x)) - reach, int(np.floor(y)) - reach
    rows, columns = np.mgrid[0 : 2 * reach + 1, 0 : 2 * reach + 1].astype(np.float64)
    across, down = columns + left - x, rows + top - y
    distance = np.abs(np.hypot(across, down) - radius)
    dashes = np.sin(10.0 * np.arctan2(down, across)) > 0.0 if faint else True
    for colour_of, half in (((255, 255, 255), line / 2 + 1.0), (colour, line / 2)):
        cover = np.clip(half + 0.5 - distance, 0.0, 1.0) * dashes
        blend(canvas, cover, colour_of, left=left, top=top)


def encode_png(canvas: Canvas) -> bytes:
    """Return an image as PNG: header, pixels, end, and no other chunk.

    Parameters
    ----------
    canvas : (H, W, 3) uint8
    """
    height, width = canvas.shape[:2]
    pixels = np.ascontiguousarray(canvas, dtype=np.uint8)
    above = np.vstack([np.zeros_like(pixels[:1]), pixels[:-1]])
    # Filter 2 (up): the difference from the row above packs well where shading runs smoothly.
    rows = np.full((height, 1 + 3 * width), 2, dtype=np.uint8)
    rows[:, 1:] = (pixels - above).reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"IDAT", zlib.compress(rows.tobytes(), 6)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)
