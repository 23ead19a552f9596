"""The broker as a process: started once, found again, closed to strangers, ended in order."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import pytest

from stsbench.domain.access import Purpose, Role
from stsbench.errors import AccessRefusedError, InputError, StorageError, StsbenchError
from stsbench.vault.client import VaultClient
from stsbench.vault.launch import wait_stopped
from stsbench.vault.private_folders import read_address
from stsbench.vault.records import LeaseRequest
from tests.vault.house import (
    ADULT,
    RunningVault,
    clinic_folder,
    run_python,
    settings_of,
    stop_vault,
    wait_until,
)

TECHNICIAN = Role.TECHNICIAN
posix_only = pytest.mark.skipif(os.name != "posix", reason="signals")


@pytest.fixture(scope="module")
def case(vault, tmp_path_factory):
    """One case in the module's vault, taken in like any other."""
    folder = clinic_folder(tmp_path_factory.mktemp("order") / "f", patient=ADULT)
    ticket = vault.client.preview_intake(folder).ticket
    return vault.client.confirm_intake(ticket)


def test_a_case_is_opened_worked_on_and_listed(vault, case):
    client, number = vault.client, case.case_number
    with client.open_object(number, "upper", purpose=Purpose.REPAIR, role=TECHNICIAN) as lease:
        content = bytes(lease.read())
        entry = client.store_object(
            number, kind="repaired_scan", data=content, parents=["upper"],
            lease_id=lease.lease_id, summary={"verdict": "pass"},
        )  # fmt: skip
    with client.open_object(
        number, entry.object_id, purpose=Purpose.MODEL, role=TECHNICIAN
    ) as lease:
        assert bytes(lease.read()) == content
    client.record_verdict(number, stage="repair", verdict="pass", detail={"holes": 2})
    record = client.case(number)
    assert record.objects[-1] == entry
    assert record.verdicts == {"intake": "accepted", "repair": "pass"}
    assert record.history[-1].detail == {"holes": 2}
    (line,) = [each for each in client.cases() if each.case_number == number]
    assert (line.stage, line.verdict, line.profile) == ("repair", "pass", "restorative")
    assert line.patient_code == case.patient_code
    assert client.release(number, entry.object_id, role=TECHNICIAN).read_bytes() == content


def test_a_large_object_comes_back_byte_for_byte(vault, case):
    data = os.urandom(3_500_001)
    client, number = vault.client, case.case_number
    with client.open_object(number, "upper", purpose=Purpose.REPAIR, role=TECHNICIAN) as lease:
        entry = client.store_object(
            number, kind="model", data=data, parents=["upper"], lease_id=lease.lease_id
        )
    with client.open_object(
        number, entry.object_id, purpose=Purpose.MODEL, role=TECHNICIAN
    ) as lease:
        assert bytes(lease.read()) == data
        assert bytes(lease.read()) == data
    with pytest.raises(AccessRefusedError, match="lease_expired"):
        lease.read()


def test_a_damaged_object_is_an_error_and_its_outcome_failed(vault, case):
    client, number = vault.client, case.case_number
    with client.open_object(number, "upper", purpose=Purpose.REPAIR, role=TECHNICIAN) as lease:
        entry = client.store_object(
            number, kind="edits", data=os.urandom(400_000), parents=["upper"],
            lease_id=lease.lease_id,
        )  # fmt: skip
    folder = vault.home / "vault" / "objects"
    path = folder / entry.object_id[:2] / entry.object_id
    for place in (-1, 1000):  # the last segment is opened first; the other while it is sent
        sealed = bytearray(path.read_bytes())
        sealed[place] ^= 1
        path.write_bytes(sealed)
        with pytest.raises(StsbenchError), client.open_object(
            number, entry.object_id, purpose=Purpose.REPAIR, role=TECHNICIAN
        ) as lease:  # fmt: skip
            lease.read()
        assert client.audit_entries(last=1)[0]["outcome"] == "failed"
        sealed[place] ^= 1
        path.write_bytes(sealed)


ERRORS = {
    "no such case": (lambda client: client.case("2611-9999-A"), AccessRefusedError),
    "no such ticket": (lambda client: client.confirm_intake("T-1"), InputError),
    "no such folder": (lambda client: client.preview_intake("/nowhere/Hohenfels"), InputError),
    "no such stage": (
        lambda client: client.record_verdict("x", stage="lunch", verdict="pass"), InputError),
    "no such role": (
        lambda client: client.erase_case("x", role="boss", reason="why"), AccessRefusedError),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_the_same_on_both_sides_and_says_no_value(vault, name):
    call, kind = ERRORS[name]
    with pytest.raises(kind) as caught:
        call(vault.client)
    assert caught.value.problem
    assert caught.value.remedy
    assert "Hohenfels" not in str(caught.value)


def test_what_is_no_request_of_ours_is_told_without_a_value(vault):
    for body in ({}, {"requests": 7}, {"requests": [{"name": "Hohenfels"}]}, []):
        with pytest.raises(InputError) as caught:
            vault.client._transport.call("POST", "/v1/leases", body)
        assert "Hohenfels" not in str(caught.value)


def test_many_leases_in_one_request(vault, case):
    request = LeaseRequest(case.case_number, "upper", "repair", "technician")
    answers = vault.client.open_many([request] * 50)
    assert all(answer.granted for answer in answers)
    assert vault.client.status()["open_leases"] == 50
    vault.client.close_many([answer.lease_id for answer in answers])
    assert vault.client.status()["open_leases"] == 0


def test_a_ticket_confirmed_by_eight_clients_at_once_is_one_case(vault, tmp_path):
    patient = {"name": "Berta Quellwasser", "age": 60, "age_on": "2026-11-01"}
    ticket = vault.client.preview_intake(clinic_folder(tmp_path / "f", patient=patient)).ticket
    clients = [VaultClient.connect(vault.home, start=False) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda client: client.confirm_intake(ticket), clients))
    for client in clients:
        client.close()
    assert len({(outcome.case_number, outcome.patient_code) for outcome in outcomes}) == 1


def test_the_doctor_says_what_holds_and_what_does_not(vault):
    said = vault.client.doctor()
    assert said["level"] == "L1"
    assert "no code that this user runs on purpose" in said["level_means"]
    assert said["keys_in"] == "key file"
    assert any("root key lies in a file" in line for line in said["warnings"])
    assert said["problems"] == []
    assert len(said["not_proven"]) >= 4


def test_the_log_is_shown_verified_and_exported(vault, case):
    client = vault.client
    note = client.audit_checkpoint()
    verified = client.verify_audit(witnessed=[note])
    assert verified["intact"]
    assert verified["witnessed_until"] == verified["signed_until"] == int(note.split("\n")[1])
    assert any("user who runs the broker" in line for line in verified["not_proven"])
    entries = client.audit_entries(case_number=case.case_number, last=2)
    assert len(entries) == 2
    exported = client.audit_export()
    from stsbench.privacy.audit_tree import Frontier, leaf_hash
    from stsbench.privacy.checkpoints import open_checkpoint

    signed = open_checkpoint(
        exported["checkpoint"],
        origin=exported["origin"],
        public_keys=[bytes.fromhex(exported["public_key"])],
    )
    leaves = [leaf_hash(entry.encode()) for entry in exported["entries"]]
    assert Frontier().extend(leaves).root == signed.root


@posix_only
def test_only_files_for_their_owner_are_made(vault):
    for folder in (vault.home / "vault", vault.home / "keys"):
        for path in (folder, *folder.rglob("*")):
            assert path.stat().st_mode & 0o077 == 0, path.name


CONNECT = """
import sys
from pathlib import Path
from stsbench.vault.client import VaultClient
with VaultClient.connect(Path(sys.argv[1])) as client:
    print(client.status()["process"])
"""


def test_clients_that_start_at_once_start_one_broker(tmp_path):
    home = tmp_path / "home"
    with ThreadPoolExecutor(3) as pool:
        runs = list(pool.map(lambda _: run_python(CONNECT, str(home)), range(3)))
    try:
        assert [run.returncode for run in runs] == [0] * 3, [run.stderr for run in runs]
        assert len({run.stdout for run in runs}) == 1
    finally:
        stop_vault(home)


@posix_only
def test_a_killed_broker_is_started_anew_by_the_same_client(tmp_path):
    with RunningVault(tmp_path / "home") as running:
        first = running.client.status()["process"]
        os.kill(first, signal.SIGKILL)
        wait_stopped(settings_of(running.home))
        assert running.client.status()["process"] != first


def test_stopping_writes_a_checkpoint_and_leaves_no_socket(tmp_path):
    home = tmp_path / "home"
    with VaultClient.connect(home) as client:
        client.stop()
    address = read_address(home / "vault")
    assert address is not None
    assert not address.socket or not os.path.exists(address.socket)  # noqa: PTH110
    assert not list((home / "vault").glob("*-wal"))
    with pytest.raises(StorageError, match="not running"):
        VaultClient.connect(home, start=False)


def test_an_idle_broker_ends_by_itself(tmp_path):
    home = tmp_path / "home"
    with RunningVault(home, STSBENCH_VAULT_IDLE_S="0.2"):
        address = read_address(home / "vault")
        assert wait_until(lambda: not os.path.exists(address.socket))  # noqa: PTH110


def test_on_loopback_the_token_decides(tmp_path):
    with RunningVault(tmp_path / "home", STSBENCH_VAULT_LOOPBACK="1") as running:
        assert running.client.status()["running"]
        address = read_address(running.home / "vault")
        for headers in ({}, {"authorization": "Bearer wrong"}):
            asking = HTTPConnection("127.0.0.1", address.port)
            asking.request("GET", "/v1/status", headers=headers)
            assert asking.getresponse().status == 401
            asking.close()
        assert any("token file" in line for line in running.client.doctor()["warnings"])


def test_a_process_that_took_the_port_over_gets_no_token(tmp_path):
    """The broker has died, somebody else listens on its port and answers everything."""
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    from stsbench.vault.launch import ensure_broker
    from stsbench.vault.private_folders import Address, make_private, write_address

    heard = []

    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append((self.path, self.headers.get("authorization")))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"proof":"00"}')

        def log_message(self, *_):
            pass

    settings = settings_of(tmp_path / "home")
    make_private(settings.vault_folder)
    (tmp_path / "token").write_text("secret")
    with HTTPServer(("127.0.0.1", 0), Stranger) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = Address(port=server.server_port, token_file=str(tmp_path / "token"))
        write_address(settings.vault_folder, address)
        with pytest.raises(StorageError, match="not running"):
            ensure_broker(settings, start=False)
        server.shutdown()
    assert heard
    assert all(token is None for _path, token in heard)


@posix_only
def test_a_process_of_another_user_is_not_served(tmp_path):
    home = tmp_path / "home"
    other = str(os.getuid() + 1)
    with pytest.raises(StorageError), RunningVault(home, STSBENCH_VAULT_UIDS=other) as running:
        running.client.status()
    os.kill(broker_of(home), signal.SIGTERM)
    wait_stopped(settings_of(home))


def broker_of(home):
    """Process id of the broker whose command line names the home."""
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "pid,args"], capture_output=True, text=True, check=True
    )
    (line,) = [line for line in listed.stdout.splitlines() if f"--home {home} " in line]
    return int(line.split()[0])


def test_a_home_that_cannot_be_served_says_why(tmp_path):
    home = tmp_path / "home"
    (home / "vault").mkdir(parents=True)
    (home / "vault").chmod(0o755)
    with pytest.raises(StorageError, match="open to others"):
        VaultClient.connect(home)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl")
def test_a_hardened_process_cannot_be_dumped():
    said = run_python(
        "import ctypes, os, resource\n"
        "from stsbench.vault.hardening import harden_process\n"
        "assert harden_process() == ()\n"
        "print(ctypes.CDLL(None).prctl(3), resource.getrlimit(resource.RLIMIT_CORE),"
        " oct(os.umask(0)))"
    )
    assert said.stdout.split("\n")[0] == "0 (0, 0) 0o77"


def test_the_client_is_light():
    said = run_python(
        "import sys\nimport stsbench.vault.client\n"
        "heavy = {'numpy', 'numba', 'sqlalchemy', 'cryptography', 'uvicorn', 'starlette', 'vtk'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert said.stdout.strip() == "[]"


def test_the_broker_loads_no_mesh_code():
    said = run_python(
        "import sys\nimport stsbench.vault.serving\n"
        "heavy = {'numpy', 'numba', 'pandas', 'vtk', 'pydantic', 'trimesh', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert said.stdout.strip() == "[]"
