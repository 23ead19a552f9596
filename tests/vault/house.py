"""A small laboratory for tests: clinic folders, stored cases, running brokers. No mocks."""

import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path

from stsbench.domain.access import Purpose
from stsbench.domain.order import OrderItem, ScanEntry, ScanRole
from stsbench.domain.subject import (
    Clinic,
    ConsentRecord,
    DataSubject,
    Doctor,
    IdentifiedOrder,
    IdentifiedScan,
)
from stsbench.privacy.codes import new_intake_ticket
from stsbench.privacy.intake_rules import standing_of
from stsbench.vault.audit_log import AuditContext
from stsbench.vault.case_making import (
    AcceptedOrder,
    PreparedScan,
    begin_case,
    commit_case,
    seal_scans,
)
from stsbench.vault.patients import PatientFinder
from stsbench.vault.scan_units import scaled_ply
from stsbench.vault.settings import load_settings

NAME = "Anna Hohenfels-Okonkwo"
CLINIC = "Praxis Weisswald"
TEXT = "a" * 64
GIVEN = date(2026, 11, 1)
_CORNERS = ((0, 0, 0), (60, 0, 0), (0, 50, 0), (0, 0, 20))
_FACES = ((0, 2, 1), (0, 1, 3), (1, 2, 3), (2, 0, 3))
_HEADER = b"""ply
format binary_little_endian 1.0
element vertex 4
property float x
property float y
property float z
element face 4
property list uchar int vertex_indices
end_header
"""
# Written out here: a process that is killed at a failpoint need not load the mesh code first.
SCAN = (
    _HEADER
    + b"".join(struct.pack("<3f", *corner) for corner in _CORNERS)
    + b"".join(struct.pack("<B3i", 3, *face) for face in _FACES)
)


def clinic_order(
    *,
    name=NAME,
    clinic=CLINIC,
    age=44,
    gender="f",
    age_on=GIVEN,
    consents=("repair", "model"),
    roles=("upper",),
):
    """An order as the parsing child hands it over."""
    return IdentifiedOrder(
        clinic_order_no="W-77",
        clinic=Clinic(clinic) if clinic else None,
        doctor=Doctor("Dr. Ilse Brandauer"),
        patient=DataSubject(name, age, age_on if age is not None else None, gender),
        consents=tuple(ConsentRecord(Purpose(purpose), TEXT, GIVEN) for purpose in consents),
        items=(OrderItem("crown", (36,)),),
        scans=tuple(IdentifiedScan(f"{role}.ply", ScanRole(role)) for role in roles),
    )


def add_case(store, *, roles=("upper",), data=SCAN, **about):
    """Store a case the way intake does, without the parsing child."""
    order = clinic_order(roles=roles, **about)
    with store.audit.writing("uid:1") as batch:
        ticket = new_intake_ticket()
        intent = batch.intent("intake", AuditContext(ticket=ticket))
    accepted = AcceptedOrder(
        ticket=ticket,
        intent=intent,
        order=order,
        standing=standing_of(order, today=store.today()),
        attestations=(),
        scans=[
            PreparedScan(ScanEntry(role, ScanRole(role), 4, 1.0), partial(scaled_ply, data, 1.0))
            for role in roles
        ],
    )
    begun = begin_case(store, accepted)
    rows = seal_scans(store, accepted, begun)
    finder = PatientFinder(store.keys)
    return commit_case(store, finder, accepted, begun, rows, actor="uid:1")


def clinic_folder(
    folder: Path, *, patient=None, consents=("repair", "model"), scans=None, order=True, **fields
):
    """A folder as a clinic sends it; `scans` maps file names to (mesh, role)."""
    from stsbench.files.scans import encode_ply, encode_stl
    from tests.shapes import sphere

    folder.mkdir(parents=True)
    scans = {"upper.ply": (sphere(2, 30.0), "upper")} if scans is None else scans
    for file, (mesh, _role) in scans.items():
        data = encode_stl(mesh) if file.endswith(".stl") else encode_ply(mesh)
        (folder / file).write_bytes(data)
    document = {
        "schema": "stsbench.order/1",
        "consents": [
            {"purpose": purpose, "text_sha256": TEXT, "given_on": GIVEN.isoformat()}
            for purpose in consents
        ],
        "items": [{"type": "crown", "fdi": [36], "material": "zirconia", "shade": "A2"}],
        "scans": [
            {"file": file, **({"role": role} if role else {})}
            for file, (_mesh, role) in scans.items()
        ],
        **fields,
    }
    if patient is not None:
        document["patient"] = patient
    if order:
        (folder / "order.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


ADULT = {"name": NAME, "age": 44, "age_on": GIVEN.isoformat(), "gender": "f"}


class RunningVault:
    """A broker process of a home, started like a client does, with failpoints if wanted."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self._environment = environment
        self.client = None

    def __enter__(self):
        from stsbench.vault.client import VaultClient

        before = {name: os.environ.get(name) for name in self._environment}
        os.environ.update(self._environment)
        try:
            self.client = VaultClient.connect(self.home)
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
        return self

    def __exit__(self, *error):
        self.client.close()
        stop_vault(self.home)


@contextmanager
def home_of_notebooks(folder: Path) -> Iterator[Path]:
    """A home that STSBENCH_HOME names, as notebooks find it; its broker is stopped at the end."""
    # Unix sockets need a short path.
    runtime = Path(tempfile.mkdtemp(prefix="stsb-", dir="/tmp" if os.name == "posix" else None))
    changed = {
        "STSBENCH_HOME": str(folder),
        "STSBENCH_RUNTIME_DIR": str(runtime / "r"),
        "STSBENCH_KEYS": "file",
    }
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    yield folder
    stop_vault(folder)
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    shutil.rmtree(runtime, ignore_errors=True)


def stop_vault(home: Path) -> None:
    """Stop the broker of a home if one runs, and wait until it has closed everything."""
    from stsbench.errors import StorageError
    from stsbench.vault.client import VaultClient

    try:
        with VaultClient.connect(home, start=False) as client:
            client.stop()
    except StorageError:
        return


def run_python(code: str, *arguments: str, failpoint: str = ""):
    """Run code in a process of its own, killed at a failpoint; return its exit code."""
    environment = {**os.environ, "STSBENCH_FAILPOINT": failpoint}
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def wait_until(condition, *, seconds: float = 10.0) -> bool:
    """Wait for something another process does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def settings_of(home: Path, **changed):
    """Settings of a home with some values changed."""
    from dataclasses import replace

    return replace(load_settings(home), **changed)
