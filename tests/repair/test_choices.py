"""What a technician answers about single defects is done, said and nothing else."""

import numpy as np
import pytest

from stsbench.domain.answers import Answers
from stsbench.domain.findings import Action, FindingKind, Severity
from stsbench.domain.verdicts import Verdict
from stsbench.errors import InputError
from stsbench.repair.pipeline import repair_scan
from stsbench.repair.profiles import load_profile
from tests.repair.damage import beside, dome, fold, island, spike

STUDY = load_profile("study")
MIDDLE, CORNER = (22, 30), (10, 12)


def repaired(mesh, **answers):
    return repair_scan(
        mesh,
        profile=STUDY,
        answers=Answers({key.replace("_", "/"): value for key, value in answers.items()}),
    )


def of_kind(result, kind):
    return [finding for finding in result.findings if finding.kind is kind]


def unchanged(result, mesh):
    return np.array_equal(result.mesh.faces, mesh.faces) and np.array_equal(
        result.mesh.vertices, mesh.vertices
    )


def test_one_spike_of_two_is_kept():
    mesh = spike(spike(dome(), *MIDDLE), *CORNER, height_mm=2.0)
    first, second = of_kind(repaired(mesh), FindingKind.SPIKE)
    assert (first.detail[:9], second.detail[:9]) == ("Spike 0: ", "Spike 1: ")
    result = repaired(mesh, spike_1="keep")
    cut, kept = of_kind(result, FindingKind.SPIKE)
    assert (cut.action, cut.severity) == (Action.REPAIRED, Severity.NOTE)
    assert (kept.action, kept.severity) == (Action.KEPT, Severity.REVIEW)
    assert result.verdict is Verdict.REVIEW
    tip = np.argmin(np.linalg.norm(mesh.vertices - kept.place_mm, axis=1))
    edited = result.mesh.vertices[result.mesh.faces[result.edits.edited_faces]]
    assert np.linalg.norm(edited - mesh.vertices[tip], axis=2).min() > 1.0
    assert unchanged(repaired(mesh, spike_0="keep", spike_1="keep"), mesh)


def test_a_kept_fold_stays_and_holds():
    mesh = fold(dome(), *MIDDLE)
    assert of_kind(repaired(mesh), FindingKind.FOLD)
    result = repaired(mesh, fold_0="keep")
    (kept,) = of_kind(result, FindingKind.FOLD)
    assert (kept.action, kept.severity) == (Action.KEPT, Severity.HOLD)
    assert result.verdict is Verdict.HOLD
    assert unchanged(result, mesh)


@pytest.mark.parametrize(
    ("mesh", "wish", "action"),
    [
        (island(dome()), "keep", Action.KEPT),
        (island(dome()), "remove", Action.REMOVED),
        (beside(dome(), dome(20, 24), shift_mm=(40, 0, 0)), "keep", Action.KEPT),
        (beside(dome(), dome(20, 24), shift_mm=(40, 0, 0)), "remove", Action.REMOVED),
    ],
    ids=["debris kept", "debris removed", "large piece kept", "large piece removed"],
)
def test_a_piece_goes_or_stays_as_answered(mesh, wish, action):
    result = repaired(mesh, island_0=wish)
    (found,) = of_kind(result, FindingKind.ISLAND)
    assert found.action is action
    assert found.detail.startswith("Piece 0: a ")
    assert found.detail.endswith(f": {wish} was answered.")
    assert (result.mesh.face_count == mesh.face_count) is (action is Action.KEPT)


@pytest.mark.parametrize("key", ["spike_0", "island_0"])
def test_an_unknown_answer_is_refused(key):
    mesh = island(spike(dome(), *MIDDLE))
    with pytest.raises(InputError, match="is 'maybe'"):
        repaired(mesh, **{key: "maybe"})


def test_an_answer_about_another_scan_is_left_alone():
    mesh = spike(dome(), *MIDDLE)
    assert np.array_equal(repaired(mesh, spike_7="keep").mesh.faces, repaired(mesh).mesh.faces)
