"""Where the record views are taken from.

Rules owned here:
- Parallel projection; all views of one picture set share one scale, so they can be compared.
- The patient's right is at the left of the picture in front and occlusal views, as if the patient
  faced the reader and as on a tooth chart: upper front teeth point up, lower ones down.
  The lingual view looks from behind, so there it is the other way round.
- Letters for right and left stand only where the midline is sure; elsewhere the caption says so.

Sources: the five views of an orthodontic record (front, right, left, upper and lower occlusal,
J Orthod 31(4):344); which way up an occlusal view stands is a choice, not fact.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.dentition import Arch
from stsbench.domain.occlusion import OcclusalFrame
from stsbench.qa.pictures import Camera, Vector

__all__ = ["ARCH_VIEWS", "PAIR_VIEWS", "Anatomy", "View", "camera_on", "fallback_anatomy"]

ARCH_VIEWS = ("right", "front", "left", "occlusal", "lingual")
PAIR_VIEWS = ("right", "front", "left", "upper_occlusal", "lower_occlusal")
_LINGUAL_RISE = 0.62  # steep enough to see over the front teeth, flat enough to see their backs


@dataclass(frozen=True, slots=True)
class View:
    """A direction to look from."""

    name: str
    caption: str
    toward_viewer: Vector
    up: Vector
    left_word: str = ""
    right_word: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class Anatomy:
    """Directions of the patient in the axes of a scan.

    Parameters
    ----------
    superior, posterior : (3,) float64
        Unit vectors, at right angles.
    sides_sure : bool
        Whether right and left may be written.
    """

    superior: NDArray[np.float64]
    posterior: NDArray[np.float64]
    sides_sure: bool = True

    @classmethod
    def of(cls, frame: OcclusalFrame, arch: Arch, *, confirmed: bool = False) -> "Anatomy":
        """Return the patient's directions from the occlusal frame of one arch."""
        up = frame.normal if arch is Arch.MANDIBULAR else -frame.normal
        # A person who gave or confirmed the plane has not thereby confirmed the midline.
        sure = frame.midline_sure and (frame.sure or confirmed)
        return cls(up, -frame.midline, sides_sure=sure)

    @property
    def left(self) -> NDArray[np.float64]:
        """The patient's left; left, posterior, superior are right-handed."""
        side: NDArray[np.float64] = np.cross(self.posterior, self.superior)
        return side

    def view(self, name: str, arch: Arch | None = None) -> View:
        """Return one record view; `occlusal` and `lingual` need the arch."""
        upper = arch is Arch.MAXILLARY
        s, p, right = self.superior, self.posterior, -self.left
        out_of_bite = -s if upper else s
        whose = f"{arch.for_people} " if arch is not None else ""
        table = {
            "front": ("front", -p, s, "R", "L"),
            "right": ("right side", right, s, "", ""),
            "left": ("left side", -right, s, "", ""),
            "upper_occlusal": ("upper occlusal", -s, -p, "R", "L"),
            "lower_occlusal": ("lower occlusal", s, p, "R", "L"),
            "occlusal": (f"{whose}occlusal", out_of_bite, -p if upper else p, "R", "L"),
            "lingual": ("from behind", p + _LINGUAL_RISE * out_of_bite, s, "L", "R"),
        }
        caption, toward, up, left_word, right_word = table[name]
        toward = toward / np.linalg.norm(toward)
        up = up - (up @ toward) * toward
        words = (left_word, right_word) if self.sides_sure else ("", "")
        if not self.sides_sure and name not in {"occlusal", "upper_occlusal", "lower_occlusal"}:
            caption += " (side not sure)"
        return View(name, caption, _vector(toward), _vector(up / np.linalg.norm(up)), *words)


def _vector(values: NDArray[np.float64]) -> Vector:
    x, y, z = (round(float(value), 9) + 0.0 for value in values)
    return x, y, z


def camera_on(
    view: View,
    vertices: Sequence[NDArray[np.floating]],
    *,
    margin_mm: float = 2.0,
) -> Camera:
    """Return a camera that holds all vertices with the same margin on every side.

    Parameters
    ----------
    view : View
    vertices : sequence of (V, 3) float, mm
    margin_mm : float
    """
    toward, up = np.asarray(view.toward_viewer), np.asarray(view.up)
    axes = np.stack([np.cross(up, toward), up, toward])
    used = [np.asarray(some, dtype=np.float64) @ axes.T for some in vertices if len(some)]
    low = np.min([place.min(axis=0) for place in used], axis=0) if used else np.zeros(3)
    high = np.max([place.max(axis=0) for place in used], axis=0) if used else np.ones(3)
    focus = axes.T @ ((low + high) / 2)
    width, height = (high - low)[:2] + 2 * margin_mm
    return Camera(
        view.toward_viewer,
        view.up,
        _vector(focus),
        float(width),
        float(height),
        view.left_word,
        view.right_word,
    )


def fallback_anatomy(vertices: NDArray[np.float64], arch: Arch) -> Anatomy:
    """Return directions for a scan nobody has oriented: only to show it, never to measure.

    The thinnest axis of the box of principal axes is taken as vertical, signed by the scanner's z,
    and the longest as the one from side to side.
    """
    spread = vertices - vertices.mean(axis=0) if len(vertices) else np.eye(3)
    _, axes = np.linalg.eigh(spread.T @ spread)
    normal = axes[:, 0] * (1.0 if axes[2, 0] >= 0 else -1.0)
    middle = axes[:, 1] * (1.0 if axes[1, 1] >= 0 else -1.0)
    up = normal if arch is Arch.MANDIBULAR else -normal
    return Anatomy(up, middle, sides_sure=False)
