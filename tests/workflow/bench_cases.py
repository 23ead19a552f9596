"""A small laboratory for the benches: one damaged dome per scan, stored in a vault of its own."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from stsbench.files.scans import encode_ply
from stsbench.workflow.intake import confirm_intake, preview_folder
from tests.repair.damage import dome, island

ROWS, COLUMNS = 100, 124  # 62 x 50 mm: the size of a mouth
BIG, SMALL = (
    (50, 62),
    (20, 30),
)  # a hole above the limits of every profile but denture, and one below


def clinic_scan():
    """A dome with a large hole that is left open, a small one, a spike and a loose piece."""
    mesh = dome(ROWS, COLUMNS)
    gone = np.zeros(mesh.face_count, dtype=bool)
    for (row, column), reach in ((BIG, 4), (SMALL, 0)):
        rows = np.arange(row - reach, row + reach + 1)
        columns = np.arange(column - reach, column + reach + 1)
        names = (rows[:, None] * (COLUMNS + 1) + columns).ravel()
        gone |= np.isin(mesh.faces, names).any(axis=1)
    mesh = replace(mesh, faces=mesh.faces[~gone])
    places = mesh.vertices.copy()
    places[30 * (COLUMNS + 1) + 80] += (0.0, 0.0, 3.0)
    return island(replace(mesh, vertices=places), centre=(20.0, 20.0, 14.0))


def new_case(folder: Path, *, roles=("upper",), items=("study_model",)) -> str:
    """Take in an order with one damaged scan per role; return the case number."""
    folder.mkdir(parents=True)
    data = encode_ply(clinic_scan())
    for role in roles:
        (folder / f"{role}.ply").write_bytes(data)
    order = {
        "schema": "stsbench.order/1",
        "patient": {"name": "Testa Prova", "age": 44, "age_on": "2026-11-01", "gender": "f",
                    "adult_attested": True},
        "consents": [
            {"purpose": purpose, "text_sha256": "a" * 64, "given_on": "2026-11-01"}
            for purpose in ("repair", "model")
        ],
        "items": [{"type": item, "fdi": [], "material": "", "shade": ""} for item in items],
        "scans": [{"file": f"{role}.ply", "role": role} for role in roles],
    }  # fmt: skip
    (folder / "order.json").write_text(json.dumps(order), encoding="utf-8")
    outcome = confirm_intake(preview_folder(folder).ticket)
    assert outcome.case_number, outcome.reasons
    return outcome.case_number
