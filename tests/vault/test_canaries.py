"""No name anywhere: every byte under the home and the runtime folder, while it runs and after."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stsbench.domain.access import Attestation, Purpose, ReasonCode, Role
from stsbench.errors import InputError
from tests.canaries import hits
from tests.shapes import sphere
from tests.vault.house import RunningVault, clinic_folder

NAMES = ("Zacharias Quendelbaum", "Öznur Weißkirchen", "陈立华文", "Dr. Xaver Tannhäuser")
PATIENT = {"name": f"{NAMES[0]} {NAMES[1]}", "age": 41, "age_on": "2026-11-01", "gender": "x"}


def planted_folder(folder: Path, **changed) -> Path:
    """A folder with a name in every place a clinic may leave one."""
    scans = {
        f"{NAMES[0]} upper.stl": (sphere(1, 30.0), "upper"),
        f"{NAMES[2]}.ply": (sphere(1, 30.0), "lower"),
    }
    clinic_folder(
        folder,
        **{
            "patient": PATIENT,
            "scans": scans,
            "doctor": {"name": NAMES[3]},
            "clinic": {"name": f"Praxis {NAMES[1]}"},
            "clinic_order_no": NAMES[0],
            "notes": f"{NAMES[2]} asks for {NAMES[3]}",
            "items": [{"type": "crown", "fdi": [36], "material": NAMES[0], "shade": NAMES[2]}],
            **changed,
        },
    )
    stl = folder / f"{NAMES[0]} upper.stl"
    data = bytearray(stl.read_bytes())
    data[: len(NAMES[0])] = NAMES[0].encode()
    stl.write_bytes(bytes(data))
    return folder


def everywhere(vault):
    return [vault.home, Path(os.environ["STSBENCH_RUNTIME_DIR"])]


@pytest.fixture(scope="module")
def worked(tmp_path_factory):
    """A vault that has seen every way an intake may go, and the names in none of them."""
    home = tmp_path_factory.mktemp("canary") / "home"
    base = tmp_path_factory.mktemp("clinic")
    with RunningVault(home) as running:
        client = running.client
        accepted = client.preview_intake(planted_folder(base / NAMES[0]))
        shown = repr(accepted)
        outcome = client.confirm_intake(accepted.ticket)
        child = {**PATIENT, "age": 9}
        refused = client.preview_intake(planted_folder(base / "r", patient=child))
        client.confirm_intake(refused.ticket)
        held = client.preview_intake(planted_folder(base / "h", consents=[]))
        client.confirm_intake(held.ticket)
        client.confirm_intake(
            held.ticket,
            attestations=[
                Attestation(ReasonCode.CONSENT_MISSING, "clinic_confirmed", "clinic", "2026-11-01")
            ],
        )
        client.preview_intake(planted_folder(base / "o"))  # left open
        with pytest.raises(InputError) as caught:
            client.preview_intake(planted_folder(base / "x", phone=NAMES[0]))
        number = outcome.case_number
        with client.open_object(
            number, "upper", purpose=Purpose.REPAIR, role=Role.TECHNICIAN
        ) as lease:
            scan = bytes(lease.read())
        client.release(number, "lower", role=Role.TECHNICIAN)
        shown += repr((outcome, caught.value, client.cases(), client.case(number), client.doctor()))
        shown += repr((client.audit_entries(), client.status()))
        running.shown, running.scan, running.number = shown, scan, number
        yield running


def test_no_name_is_on_disk_while_the_broker_runs(worked):
    assert hits(everywhere(worked), NAMES) == []


def test_no_name_came_back_to_the_client(worked):
    for name in NAMES:
        for part in (name, *name.split()):
            if len(part) > 3:
                assert part not in worked.shown
                assert part.encode() not in worked.scan


def test_no_name_is_on_disk_once_it_has_stopped(worked, tmp_path):
    worked.client.stop()
    assert hits(everywhere(worked), NAMES) == []
    # The control: the same search over a copy in which one row holds one name.
    copy = tmp_path / "copy"
    shutil.copytree(worked.home, copy)
    subprocess.run(
        [
            sys.executable, "-c",
            "import sqlite3, sys\n"
            "rows = sqlite3.connect(sys.argv[1])\n"
            "rows.execute(\"INSERT INTO facts VALUES ('n', ?)\", (sys.argv[2],))\n"
            "rows.commit()\n",
            str(copy / "vault" / "vault.db"), NAMES[1],
        ],
        check=True,
    )  # fmt: skip
    assert hits([copy], NAMES)


def test_what_is_stored_is_not_readable_as_a_scan(worked):
    for path in (worked.home / "vault" / "objects").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert data.startswith(b"STSE")
            assert b"ply" not in data[:200]
            assert b"end_header" not in data
