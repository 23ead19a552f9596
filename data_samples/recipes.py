"""The ten sample orders: what each shows, its files, and what the product should do with it.

Rules owned here:
- A recipe is pure: it returns the bytes of its folder. `make_samples.py` writes and compares them.
- Dates lie in the past and ages carry their day, but for the child, who stays twelve.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from data_samples import planting
from data_samples.identities import CLINICS, PEOPLE, Clinic, Person
from stsbench.domain.dentition import Arch
from stsbench.samples.arch_plan import ArchPlan
from stsbench.samples.arches import SampleScan, make_arch, make_pair, random_pose
from stsbench.samples.damage import EVERY_DEFECT, PlannedDefect, damage_scan

__all__ = ["EXPECTED", "RECIPES", "Recipe"]

EXPECTED = "expected.json"

Files = dict[str, bytes]

_DAY = "2024-11-04"
_PURPOSES = ("repair", "model", "manufacture", "quality")
_FACES = 52_000


@dataclass(frozen=True, slots=True)
class Recipe:
    """One sample order.

    Parameters
    ----------
    folder : str
        As the clinic names it.
    title : str
        What it shows.
    intake, reason : str
        Expected verdict, and reason code or "".
    stages : mapping of stage to verdict
        Expected of repair, model and review; None where a stage is not reached.
    make : callable
        Returns the files of the order but for `expected.json`.
    """

    folder: str
    title: str
    intake: str
    reason: str
    stages: Mapping[str, str | None]
    make: Callable[[], Files]

    def expected(self) -> bytes:
        """Return `expected.json`."""
        document = {
            "schema": "stsbench.expected/1",
            "title": self.title,
            "intake": self.intake,
            "reason": self.reason,
            "stages": dict(self.stages),
        }
        return planting.clinic_json(document)

    def files(self) -> Files:
        """Return every file of the folder."""
        return {**self.make(), EXPECTED: self.expected()}


def _order(
    number: int,
    scans: list[dict[str, str]],
    items: list[dict[str, Any]],
    *,
    person: Person | None = None,
    clinic: Clinic | None = None,
    origin: str = "DE",
    **more: Any,
) -> bytes:
    document: dict[str, Any] = {"schema": "stsbench.order/1"}
    if person and clinic:
        document |= {
            "clinic_order_no": f"2611-{number:04d}-{person.chart}",
            "clinic": {"name": clinic.name},
            "doctor": {"name": clinic.doctor},
            "patient": {"name": person.full},
        }
        if person.age:
            document["patient"] |= {"age": person.age, "age_on": _DAY, "gender": person.gender}
    text = sha256(b"consent form of the samples, version 1").hexdigest()
    document |= {
        "origin": origin,
        "consents": [{"purpose": p, "text_sha256": text, "given_on": _DAY} for p in _PURPOSES],
        "items": items,
        "scans": scans,
        "notes": "",
    }
    return planting.clinic_json(document | more)


def _scan(file: str, role: str, unit: str = "mm") -> dict[str, str]:
    return {"file": file, "role": role, "unit": unit}


@cache
def _pair() -> tuple[SampleScan, SampleScan]:
    return make_pair(3, faces=_FACES)


def _lower(seed: int, **plan: Any) -> SampleScan:
    pose = random_pose(seed, most_deg=25.0)
    made = ArchPlan(Arch.MANDIBULAR, seed=seed, **plan)
    return make_arch(made, faces=_FACES, scanner_from_common=pose)


def _pair_order() -> Files:
    person, clinic = PEOPLE["pair"], CLINICS["de"]
    upper, lower = _pair()
    names = ("Testerson Tonibert UpperJawScan.ply", "Testerson Tonibert LowerJawScan.ply")
    notes = (
        f"Modelle in Okklusion. Rückfragen an {person.full}, {person.mail}, {person.phone}. "
        f"Karte {person.chart}, geb. {person.born}, {person.also[0]}. Gruß {clinic.operator}."
    )
    items = [{"type": "study_model", "fdi": [], "material": "resin", "shade": ""}]
    scans = [_scan(names[0], "upper"), _scan(names[1], "lower")]
    return {
        "order.json": _order(1, scans, items, person=person, clinic=clinic, notes=notes),
        names[0]: planting.clinic_ply(upper.mesh, person, clinic, texture="Testerson_u.png"),
        names[1]: planting.clinic_ply(lower.mesh, person, clinic),
        "Testerson_u.png": planting.clinic_texture(person, clinic),
        "2611-0001_Testerson.dentalProject": planting.dental_project(
            person, clinic, order_no="2611-0001", teeth=(16, 46)
        ),
    }


def _dirty_order() -> Files:
    person, clinic = PEOPLE["dirty"], CLINICS["cz"]
    scan = _lower(6)
    small_band: PlannedDefect = ("moebius_band", {"radius_mm": 1.1, "width_mm": 0.7})
    plan = [small_band if name == "moebius_band" else (name, more) for name, more in EVERY_DEFECT]
    mesh, _ = damage_scan(scan.mesh, 2611, plan)
    name = "Probandova_Alenka_19831130_dolni.ply"
    notes = f"Sken {person.also[0]} byl obtížný, prosíme opravit. {person.mail}"
    items = [{"type": "study_model", "fdi": [], "material": "", "shade": ""}]
    order = _order(
        2, [_scan(name, "lower")], items, person=person, clinic=clinic, origin="CZ", notes=notes
    )
    return {"order.json": order, name: planting.clinic_ply(mesh, person, clinic, big_endian=True)}


def _palate_order() -> Files:
    person, clinic = PEOPLE["palate"], CLINICS["cn"]
    plan = ArchPlan(Arch.MAXILLARY, seed=7, depth_mm=6.5)
    scan = make_arch(plan, faces=50_000, scanner_from_common=random_pose(7))
    name = "王测试 UpperJawScan.stl"
    notes = f"患者 {person.last}, 出生 {person.born}, 病历 {person.chart}, {person.also[0]}。{clinic.mail}"
    items = [{"type": "study_model", "fdi": [], "material": "", "shade": ""}]
    order = _order(
        3, [_scan(name, "upper")], items, person=person, clinic=clinic, origin="CN", notes=notes
    )
    return {
        "order.json": order,
        name: planting.clinic_stl(scan.mesh, person, clinic, encoding="gbk"),
        "Wangceshi_2611-0003.xml": planting.three_shape_order(
            person, clinic, order_no="2611-0003", model_file=name
        ),
    }


def _quadrant_order() -> Files:
    person, clinic = PEOPLE["quadrant"], CLINICS["de"]
    lower_plan = ArchPlan(Arch.MANDIBULAR, quadrant=4, preparations=(46,))
    upper_plan = ArchPlan(Arch.MAXILLARY, quadrant=1, palate=False, depth_mm=4.0)
    upper, lower = make_pair(12, faces=11_000, upper=upper_plan, lower=lower_plan)
    line = lower.truth.finish_lines[46]
    mesh, _ = damage_scan(lower.mesh, 46, [("hole_near", {"line": line, "radius_mm": 0.9})])
    names = ("Müsterbeispiel_PreparationScan.stl", "Muesterbeispiel_AntagonistScan.obj")
    notes = f"Krone 46 für {person.full}, Präparationsgrenze bitte nicht verändern."
    items = [{"type": "crown", "fdi": [46], "material": "zirconia", "shade": "A2"}]
    scans = [_scan(names[0], "preparation"), _scan(names[1], "upper")]
    return {
        "order.json": _order(4, scans, items, person=person, clinic=clinic, notes=notes),
        names[0]: planting.clinic_ascii_stl(mesh, person, clinic),
        names[1]: planting.clinic_obj(upper.mesh, person, clinic, library="Muesterbeispiel.mtl"),
        "Muesterbeispiel.mtl": planting.clinic_mtl(person, texture="Muesterbeispiel_teeth.png"),
    }


def _edentulous_order() -> Files:
    person, clinic = PEOPLE["edentulous"], CLINICS["de"]
    upper_plan = ArchPlan(Arch.MAXILLARY, edentulous=True, depth_mm=8.0)
    lower_plan = ArchPlan(Arch.MANDIBULAR, edentulous=True, depth_mm=7.0)
    upper, lower = make_pair(5, faces=50_000, upper=upper_plan, lower=lower_plan)
    names = ("Fictitia_Maxilla_Base.ply", "Fictitia_Mandible_Base.ply")
    items = [{"type": "full_denture", "fdi": [], "material": "pmma", "shade": "A3"}]
    scans = [_scan(names[0], "upper"), _scan(names[1], "lower")]
    notes = f"Totalprothese für {person.full}."
    return {
        "order.json": _order(5, scans, items, person=person, clinic=clinic, notes=notes),
        names[0]: planting.clinic_ply(upper.mesh, person, clinic),
        names[1]: planting.clinic_ply(lower.mesh, person, clinic),
    }


def _metres_order() -> Files:
    person, clinic = PEOPLE["metres"], CLINICS["de"]
    scan = _lower(7)
    name = "Doedummy_Danilo_lower.ply"
    items = [{"type": "aligner", "fdi": [], "material": "petg", "shade": ""}]
    return {
        "order.json": _order(6, [_scan(name, "lower")], items, person=person, clinic=clinic),
        name: planting.clinic_ply(scan.mesh, person, clinic, scale=0.001),
    }


def _anonymous_order() -> Files:
    items = [{"type": "study_model", "fdi": [], "material": "", "shade": ""}]
    scans = [_scan("lower.stl", "lower")]
    order = _order(7, scans, items, patient={"adult_attested": True})
    return {"order.json": order, "lower.stl": planting.clinic_stl(_lower(10).mesh)}


def _age_unknown_order() -> Files:
    person, clinic = PEOPLE["age_unknown"], CLINICS["cz"]
    name = "Agelessova_V_lower.ply"
    items = [{"type": "study_model", "fdi": [], "material": "", "shade": ""}]
    order = _order(8, [_scan(name, "lower")], items, person=person, clinic=clinic, origin="CZ")
    return {"order.json": order, name: planting.clinic_ply(_pair()[1].mesh, person, clinic)}


def _minor_order() -> Files:
    person, clinic = PEOPLE["minor"], CLINICS["de"]
    name = "Kindermuster_Kimberlin.ply"
    items = [{"type": "aligner", "fdi": [], "material": "", "shade": ""}]
    # No day with the age: the child of this sample never grows up.
    patient = {"name": person.full, "age": person.age, "gender": person.gender}
    notes = f"Mutter: Frau {person.also[0]}. Einwilligung wird nachgereicht."
    order = _order(
        9, [_scan(name, "lower")], items, person=person, clinic=clinic, patient=patient, notes=notes
    )
    return {"order.json": order, name: planting.clinic_ply(_pair()[1].mesh, person, clinic)}


def _withheld_order() -> Files:
    person, clinic = PEOPLE["withheld"], CLINICS["de"]
    name = "Withholdson_lower.ply"
    items = [{"type": "study_model", "fdi": [], "material": "", "shade": ""}]
    text = sha256(b"consent form of the samples, version 1").hexdigest()
    consents = [{"purpose": "communicate", "text_sha256": text, "given_on": _DAY}]
    order = _order(
        10, [_scan(name, "lower")], items, person=person, clinic=clinic, consents=consents
    )
    return {"order.json": order, name: planting.clinic_ply(_pair()[1].mesh, person, clinic)}


def _stages(repair: str | None, model: str | None, review: str | None) -> dict[str, str | None]:
    return {"repair": repair, "model": model, "review": review}


_NOT_REACHED = _stages(None, None, None)
# Unattended: a model is sound, but nobody has confirmed which way is up.
_PASSED = _stages("pass", "review", "pending")
_REPAIRED = _stages("review", "review", "pending")
_MARGIN_OPEN = _stages("hold", "hold", "pending")
_NO_TEETH = _stages("pass", "hold", "pending")  # no tips to find the occlusal plane by

_ACCEPTED = (
    ("01_Testerson_Tonibert_2611-0001", "clean upper and lower in occlusion", _PASSED, _pair_order),
    ("02_Probandova_Alenka_dolni", "a lower with every kind of defect", _REPAIRED, _dirty_order),
    ("03_Wangceshi_palate", "an upper with its palate", _PASSED, _palate_order),
    ("04_Muesterbeispiel_Krone_46", "a preparation, unmarked", _MARGIN_OPEN, _quadrant_order),
    ("05_Fictitia_total", "an edentulous pair", _NO_TEETH, _edentulous_order),
    ("06_Doedummy_Danilo_export", "a scan in metres", _PASSED, _metres_order),
    ("07_order_without_names", "no personal data at all", _PASSED, _anonymous_order),
)

RECIPES: tuple[Recipe, ...] = (
    *(
        Recipe(folder, title, "accepted", "", stages, make)
        for folder, title, stages, make in _ACCEPTED
    ),
    Recipe(
        "08_Agelessova_age_missing",
        "age unknown, adult not attested",
        "hold",
        "age_unknown",
        _NOT_REACHED,
        _age_unknown_order,
    ),
    Recipe(
        "09_Kindermuster_Kimberlin",
        "a child of 12 without a guardian's consent",
        "refused",
        "minor_without_guardian",
        _NOT_REACHED,
        _minor_order,
    ),
    Recipe(
        "10_Withholdson_Wimbert",
        "consent to repair withheld",
        "refused",
        "consent_withheld",
        _NOT_REACHED,
        _withheld_order,
    ),
)
