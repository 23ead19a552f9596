"""Still pictures in a notebook, where they may be embedded.

A picture of a mesh shows a patient's teeth, and a saved notebook keeps it. So stills of a case are
shown for synthetic samples only, unless the home's settings say otherwise:
`embed_stills = "samples"` (default), `"always"` or `"never"` in `settings.toml`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import TriangleMesh
from stsbench.errors import RenderError
from stsbench.files.homes import read_home_settings
from stsbench.qa.pictures import Picture, Surface
from stsbench.qa.renders import draw_pictures, plan_views

if TYPE_CHECKING:
    from stsbench.workflow.model import CaseModel
    from stsbench.workflow.repair import CaseRepair, ScanRepair
    from stsbench.workflow.review import CaseReview

__all__ = ["show_models", "show_repair", "show_review"]

_SIZE = (560, 460)
_VIEWS = ("occlusal", "front")
_UNTOUCHED = (214, 206, 190)
_MADE = (213, 94, 0)  # vermilion of the colour-blind safe palette of Okabe and Ito
_HINT = "Pictures are not embedded for this case. The QA report has them: stsbench report CASE."


def show_repair(done: "CaseRepair") -> None:
    """Show each repaired scan from its biting side; what the repair made is coloured."""
    if _may_embed(synthetic=done.synthetic):
        _draw([(s.scan_id, _painted(s), s.arch or Arch.MANDIBULAR) for s in done.scans])


def show_models(made: "CaseModel") -> None:
    """Show each model from its biting side and from the front."""
    if _may_embed(synthetic=made.synthetic):
        _draw([(model.scan_id, model.result.mesh, model.result.arch) for model in made.models])


def show_review(reviewed: "CaseReview") -> None:
    """Show the record views of a review."""
    if _may_embed(synthetic=reviewed.synthetic):
        pictures = reviewed.record.pictures
        _show({name: pictures[name] for name in reviewed.record.record_views})


def _may_embed(*, synthetic: bool) -> bool:
    choice = read_home_settings().embed_stills
    allowed = choice == "always" or (choice == "samples" and synthetic)
    if not allowed:
        _say(_HINT)
    return allowed


def _painted(scan: "ScanRepair") -> TriangleMesh:
    mesh, edits = scan.result.mesh, scan.result.edits
    colours = np.full((mesh.vertex_count, 3), _UNTOUCHED, dtype=np.uint8)
    colours[mesh.faces[edits.edited_faces]] = _MADE
    return TriangleMesh(mesh.vertices, mesh.faces, colours)


def _draw(meshes: Sequence[tuple[str, TriangleMesh, Arch]]) -> None:
    """Draw all of a case in one process: to start it takes longer than its pictures."""
    surfaces: list[Surface] = []
    pictures: list[Picture] = []
    for title, mesh, arch in meshes:
        names = [f"{title} {view}" for view in _VIEWS]
        surface, planned = plan_views(
            mesh, len(surfaces), names=names, views=_VIEWS, arch=arch, size=_SIZE
        )
        surfaces.append(surface)
        pictures += planned
    try:
        _show(draw_pictures(surfaces, pictures))
    except RenderError as error:
        _say(str(error))


def _show(pictures: Mapping[str, bytes]) -> None:
    from IPython.display import Image, display  # noqa: PLC0415 - only in a notebook

    for name, png in pictures.items():
        display(Image(png, alt=name.replace("_", " ")))


def _say(line: str) -> None:
    from IPython.display import display  # noqa: PLC0415

    display({"text/plain": line}, raw=True)
