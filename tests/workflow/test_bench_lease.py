"""Watched leases: told once, whatever ends them; quiet after they were closed."""

import subprocess
import sys

import pytest

from stsbench.domain.access import Purpose, Role
from stsbench.errors import AccessRefusedError, StsbenchError
from stsbench.vault.client import VaultClient
from stsbench.workflow.auditing import vault_status, withdraw_consent
from stsbench.workflow.bench_lease import WatchedLeases
from stsbench.workflow.cases import newest_case
from stsbench.workflow.release import erase_case
from tests.vault.house import stop_vault, wait_until
from tests.workflow.bench_cases import new_case


@pytest.fixture
def watched(home, tmp_path):
    """Leases on a new case, watched closely, and the list of what was told."""
    number, told = new_case(tmp_path / "order"), []
    client = VaultClient.connect()
    leases = WatchedLeases(
        newest_case(client, number),
        purpose=Purpose.REPAIR,
        role=Role.TECHNICIAN,
        ended=told.append,
        every_s=0.05,
    )
    leases.open("upper")
    yield leases, told
    leases.close()
    client.close()


def withdraw(number):
    withdraw_consent(number, "repair")


def erase(number):
    erase_case(number, reason="patient_request")


def sign_off(number):
    with VaultClient.connect() as client:
        client.record_verdict(number, stage="review", verdict="accept")


@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (withdraw, "Consent was withdrawn on 20"),
        (erase, "The case was erased on 20"),
        (sign_off, "A reviewer signed this case off"),
    ],
)
def test_whatever_ends_a_lease_is_told_once_in_its_own_words(happens, says, watched):
    leases, told = watched
    leases.check()
    happens(leases.case.number)
    assert wait_until(lambda: bool(told), seconds=3.0)
    assert leases.reason is told[0]
    assert says in str(told[0])
    with pytest.raises(AccessRefusedError):
        leases.check()
    assert len(told) == 1


def test_sending_back_is_no_sign_off(watched):
    leases, told = watched
    with VaultClient.connect() as client:
        client.record_verdict(leases.case.number, stage="review", verdict="send_back")
    leases.check()
    assert told == []


def test_closed_leases_tell_nothing(watched):
    leases, told = watched
    leases.close()
    withdraw(leases.case.number)
    assert not wait_until(lambda: bool(told), seconds=0.3)


def test_a_lease_whose_time_is_up_is_told(tmp_path, home, monkeypatch):
    stop_vault(home)  # the next client starts one that grants a second
    monkeypatch.setenv("STSBENCH_VAULT_LEASE_S", "1.0")
    told = []
    number = new_case(tmp_path / "order")
    with VaultClient.connect() as client:
        case = newest_case(client, number)
        leases = WatchedLeases(
            case, purpose=Purpose.REPAIR, role=Role.TECHNICIAN, ended=told.append, every_s=0.1
        )
        leases.open("upper")
        assert wait_until(lambda: bool(told), seconds=5.0)
        leases.close()
    assert isinstance(told[0], StsbenchError)
    stop_vault(home)


ENDS = """
import os, signal, sys
from stsbench.workflow.auditing import vault_status
from stsbench.domain.access import Purpose, Role
from stsbench.vault.client import VaultClient
from stsbench.workflow.bench_lease import WatchedLeases
from stsbench.workflow.cases import newest_case
client = VaultClient.connect()
leases = WatchedLeases(
    newest_case(client, sys.argv[1]), purpose=Purpose.REPAIR, role=Role.TECHNICIAN, ended=print
)
leases.open("upper")
print(vault_status()["open_leases"], flush=True)
if sys.argv[2] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("how", "left"), [("ends", 0), ("killed", 1)])
def test_a_kernel_that_ends_closes_its_leases(how, left, home, tmp_path):
    number = new_case(tmp_path / "order")
    words = [sys.executable, "-c", ENDS, number, how]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["1"], done.stderr
    assert vault_status()["open_leases"] == left
    stop_vault(home)  # ends what is left, with its outcome
