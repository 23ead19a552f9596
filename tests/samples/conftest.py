"""Scans made once for all tests of this folder; small, because making one takes a second."""

import pytest

from stsbench.domain.dentition import Arch
from stsbench.samples.arch_plan import ArchPlan
from stsbench.samples.arches import make_arch, random_pose


@pytest.fixture(scope="session")
def lower():
    return make_arch(ArchPlan(Arch.MANDIBULAR, seed=1), faces=10_000)


@pytest.fixture(scope="session")
def upper():
    plan = ArchPlan(Arch.MAXILLARY, seed=1)
    return make_arch(plan, faces=10_000, scanner_from_common=random_pose(3))


@pytest.fixture(scope="session")
def upper_in_place():
    """Return an upper arch with an open palate, in the common frame."""
    return make_arch(ArchPlan(Arch.MAXILLARY, seed=1, palate=False), faces=8_000)


@pytest.fixture(scope="session")
def quadrant():
    plan = ArchPlan(Arch.MANDIBULAR, seed=2, quadrant=4, preparations=(46,))
    return make_arch(plan, faces=8_000)
