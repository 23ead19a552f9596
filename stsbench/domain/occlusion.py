"""The occlusal plane and the frame of a dental model.

Model frame: origin on the occlusal plane, y to the back of the mouth (posterior), z out of the
biting surface, x completing a right-handed frame: to the patient's left for a lower arch, to the
right for an upper one. A transform reads right to left: `model_from_scanner`.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stsbench.errors import InputError

__all__ = ["OcclusalFrame", "OrientationSource", "apply_transform"]

OrientationSource = str  # "automatic", "given" (--orientation or three points) or "file"


@dataclass(frozen=True, eq=False, slots=True)
class OcclusalFrame:
    """Where the biting surface of one arch lies, and how sure that is.

    Parameters
    ----------
    normal : (3,) float64
        Unit vector out of the biting surface, in scanner axes.
    midline : (3,) float64
        Unit vector in the plane, from the back teeth to the front teeth.
    origin : (3,) float64, mm
        A point of the occlusal plane on the midline.
    sure, midline_sure : bool
        The self-check's answer; when False a person must confirm.
    source : str
        "automatic", "given" or "file".
    confidence : float
        0 to 1; a ranking aid, not a probability.
    reasons : tuple of str
        Why the self-check is not sure, in words for the report.
    """

    normal: NDArray[np.float64]
    midline: NDArray[np.float64]
    origin: NDArray[np.float64]
    sure: bool
    midline_sure: bool
    source: OrientationSource
    confidence: float = 0.0
    reasons: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        for name in ("normal", "midline"):
            vector = np.asarray(getattr(self, name), dtype=np.float64)
            length = float(np.linalg.norm(vector))
            if vector.shape != (3,) or not np.isfinite(length) or length < 1e-9:
                raise InputError(
                    f"The {name} of the occlusal frame is no direction.", "Give x,y,z."
                )
            object.__setattr__(self, name, vector / length)
        if abs(float(self.normal @ self.midline)) > 1e-6:
            raise InputError("The midline does not lie in the occlusal plane.", "Project it first.")

    @property
    def model_from_scanner(self) -> NDArray[np.float64]:
        """(4, 4) rigid transform, column vectors, mm."""
        z, y = self.normal, -self.midline
        matrix = np.eye(4)
        matrix[:3, :3] = np.stack([np.cross(y, z), y, z])
        matrix[:3, 3] = -matrix[:3, :3] @ self.origin
        return matrix


def apply_transform(
    target_from_source: NDArray[np.float64], positions: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Move (N, 3) positions in mm by a (4, 4) rigid transform."""
    moved: NDArray[np.float64] = (
        positions @ target_from_source[:3, :3].T + target_from_source[:3, 3]
    )
    return moved
