"""Measure the vault: grants, a large scan, an intake, an erasure, a check of the log.

    python benchmarks/vault/measure.py [--quick]

A broker is started in a temporary home and measured through its client, as a notebook would. Prints
a Markdown table and the load of the machine; nothing of the user's own vault is touched.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

CLIENT = """
import sys, time
from pathlib import Path
from stsbench.vault.client import VaultClient
from stsbench.vault.records import LeaseRequest
home, number, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
request = [LeaseRequest(number, "upper", "repair", "technician")]
with VaultClient.connect(home, start=False) as client:
    client.open_many(request)
    print("ready", flush=True)
    sys.stdin.readline()
    leases = [client.open_many(request)[0].lease_id for _ in range(count)]
    print("done", flush=True)
    sys.stdin.readline()
    client.close_many(leases)
"""


def main():
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory(prefix="stsv-") as folder:
        os.environ["STSBENCH_RUNTIME_DIR"] = str(Path(folder) / "r")
        os.environ["STSBENCH_KEYS"] = "file"
        rows = measured(Path(folder), quick=quick)
    print(f"\nload {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors\n")
    print("| what | measured | floor | goal |\n|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def measured(folder, *, quick):
    """Return the rows of the table."""
    from stsbench.vault.client import VaultClient

    home, rows = folder / "home", []
    started = time.perf_counter()
    client = VaultClient.connect(home)
    rows.append(("start of a broker, first client", ms(time.perf_counter() - started), "1 s", ""))
    number, preview_s, confirm_s = intake(client, folder / "order")
    rows.append(("intake: preview, 2 scans of 164k faces", ms(preview_s), "", ""))
    rows.append(("intake: confirm", ms(confirm_s), "", ""))
    rows.append(
        ("the disk alone: commit of one row", f"{commits_per_s(folder):,.0f} per s", "", "")
    )
    rows += grants(client, home, number, count=200 if quick else 1500)
    rows.append(large_scan(client, number, rounds=10 if quick else 60))
    rows += log_and_erasure(client, number)
    client.stop()
    rows.append(erasure_among(folder / "many", patients=100 if quick else 2000))
    return rows


def intake(client, folder):
    """Take in an order of two arches."""
    from tests.shapes import sphere
    from tests.vault.house import ADULT, clinic_folder

    # 6 subdivisions: 81,920 faces each; two of them side by side make one arch of 163,840.
    mesh = two_of(sphere(6, 30.0))
    scans = {"u.stl": (mesh, "upper"), "l.ply": (mesh, "lower")}
    clinic_folder(folder, patient=ADULT, scans=scans)
    client.preview_intake(folder)  # the kernels' first load
    began = time.perf_counter()
    ticket = client.preview_intake(folder).ticket
    previewed = time.perf_counter()
    outcome = client.confirm_intake(ticket)
    return outcome.case_number, previewed - began, time.perf_counter() - previewed


def two_of(mesh):
    """The same closed surface twice, 70 mm apart."""
    import numpy as np

    from stsbench.domain.mesh import TriangleMesh

    shifted = mesh.vertices + np.array([70.0, 0.0, 0.0])
    faces = np.concatenate([mesh.faces, mesh.faces + np.int32(len(mesh.vertices))])
    return TriangleMesh(np.concatenate([mesh.vertices, shifted]), faces)


def commits_per_s(folder):
    """Commits per second of plain SQLite, WAL, FULL: what no client can beat alone."""
    import sqlite3

    rows = sqlite3.connect(folder / "plain.db", isolation_level=None)
    for setting in ("journal_mode=WAL", "synchronous=FULL"):
        rows.execute(f"PRAGMA {setting}")
    rows.execute("CREATE TABLE entries (number INTEGER PRIMARY KEY, entry BLOB)")
    began = time.perf_counter()
    for number in range(300):
        rows.execute("BEGIN IMMEDIATE")
        rows.execute("INSERT INTO entries VALUES (?, ?)", (number, b"x" * 450))
        rows.execute("COMMIT")
    rate = 300 / (time.perf_counter() - began)
    rows.close()
    return rate


def grants(client, home, number, *, count):
    """Durable grants with one client, with eight, and many in one request."""
    from stsbench.vault.records import LeaseRequest

    rows = []
    for clients, floor, goal in ((1, "500", "1,500"), (8, "1,500", "3,000")):
        rate = grants_per_s(home, number, clients, count // (1 if clients == 1 else 4))
        name = f"durable audited grants, {clients} client{'s' if clients > 1 else ''}"
        rows.append((name, f"{rate:,.0f} per s", floor, goal))
    many = [LeaseRequest(number, "upper", "repair", "technician")] * 1000
    rates = []
    for _ in range(5):
        began = time.perf_counter()
        answers = client.open_many(many)
        rates.append(1000 / (time.perf_counter() - began))
        client.close_many([answer.lease_id for answer in answers])
    name = "1,000 intents in one request"
    rows.append((name, f"{statistics.median(rates):,.0f} per s", "", "10,000"))
    return rows


def grants_per_s(home, number, clients, count):
    """Grants per second over processes of their own that begin together."""
    command = [sys.executable, "-c", CLIENT, str(home), number, str(count)]
    running = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        for _ in range(clients)
    ]
    for process in running:
        process.stdout.readline()
    began = time.perf_counter()
    for process in running:
        tell(process)
    for process in running:
        process.stdout.readline()
    taken = time.perf_counter() - began
    for process in running:
        tell(process)
        process.communicate()
    return clients * count / taken


def tell(process):
    """Let a client go on."""
    process.stdin.write("\n")
    process.stdin.flush()


def large_scan(client, number, *, rounds):
    """Policy, audit, decryption and transfer of 20 MiB."""
    from stsbench.domain.access import Purpose, Role

    asked = {"purpose": Purpose.REPAIR, "role": Role.TECHNICIAN}
    with client.open_object(number, "upper", **asked) as lease:
        entry = client.store_object(
            number, kind="repaired_scan", data=os.urandom(20 << 20), parents=["upper"],
            lease_id=lease.lease_id,
        )  # fmt: skip
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        with client.open_object(number, entry.object_id, **asked) as lease:
            lease.read()
        times.append(time.perf_counter() - began)
    times.sort()
    p50, p95 = statistics.median(times), times[int(len(times) * 0.95)]
    return ("open, read, close 20 MiB, p50 / p95", f"{p50 * 1e3:.0f} / {p95 * 1e3:.0f} ms",
            "p95 150 ms", "p95 80 ms")  # fmt: skip


def log_and_erasure(client, number):
    """The check of the log as it stands, and the erasure of the case."""
    from stsbench.domain.access import Role

    began = time.perf_counter()
    entries = client.verify_audit()["entries"]
    checked = time.perf_counter()
    client.erase_case(number, role=Role.PRIVACY_OFFICER, reason="benchmark")
    erased = time.perf_counter()
    return [
        ("check of the audit log", f"{entries / (checked - began):,.0f} entries per s", "", ""),
        ("erase a case, the only patient", ms(erased - checked), "5 s", ""),
    ]


def erasure_among(home, *, patients):
    """Erase one case when every other patient's key must be wrapped again."""
    import secrets

    from stsbench.vault.keystore import Keystore
    from stsbench.vault.root_key import FileRootKeys

    home.mkdir()
    keys = Keystore(home, FileRootKeys(home / "root.key"), vault_id="f" * 32)
    for number in range(patients):
        key, patient_key = secrets.token_bytes(32), secrets.token_bytes(32)
        keys.add_case(f"c{number}", key, patient_id=f"p{number}", patient_key=patient_key)
    began = time.perf_counter()
    keys.destroy_case("c0")
    taken = time.perf_counter() - began
    keys.close()
    return (f"destroy a key among {patients:,} patients", ms(taken), "5 s", "")


def ms(seconds):
    """Seconds as people read them."""
    return f"{seconds * 1e3:,.0f} ms" if seconds < 2 else f"{seconds:.1f} s"


if __name__ == "__main__":
    main()
