"""What of a clinic's order everyone below the vault may see.

Rules owned here:
- Allow-list: a word passes when it is known here. A free word in type, material or shade may be
  anything, also a name; it stays sealed with the order.
- No file name and no scan name of the clinic survives: a scan is called by what it shows.
"""

import re
from collections.abc import Sequence

from stsbench.domain.order import Order, OrderItem, Profile, ScanEntry, ScanRole
from stsbench.domain.subject import IdentifiedOrder

__all__ = ["profile_of", "public_order", "scan_ids"]

_TYPES: dict[Profile, frozenset[str]] = {
    Profile.ORTHO_RECORD: frozenset({"ortho_record", "orthodontic_record"}),
    Profile.RESTORATIVE: frozenset(
        {"abutment", "bridge", "crown", "die_model", "healthy_tooth", "implant_crown", "inlay"}
        | {"onlay", "pontic", "preparation", "veneer", "waxup"}
    ),
    Profile.DENTURE: frozenset(
        {"baseplate", "bite_rim", "custom_tray", "denture", "full_denture", "partial_denture"}
        | {"tray"}
    ),
    Profile.ALIGNER: frozenset(
        {"aligner", "aligner_model", "bleaching_tray", "retainer", "splint"}
    ),
    Profile.STUDY: frozenset(
        {"antagonist", "digital_model", "model", "study_model", "working_model"}
    ),
}
_KNOWN_TYPES = frozenset().union(*_TYPES.values())
_MATERIALS = frozenset(
    {"acrylic", "ceramic", "chrome_cobalt", "cobalt_chrome", "composite", "e_max", "emax"}
    | {"glass_ceramic", "gold", "lithium_disilicate", "metal", "nylon", "peek", "petg", "plaster"}
    | {"pmma", "polyurethane", "porcelain", "resin", "thermoplastic", "titanium", "tpu", "wax"}
    | {"zirconia", "zirconium_oxide"}
)
# VITA classical, VITA 3D-Master, bleach shades, gingiva shades.
_SHADE = re.compile(r"[A-D][1-4](\.5)?|[0-5][LMR][1-3](\.5)?|OM[1-3]|BL[1-4]|G[1-6]", re.ASCII)


def public_order(
    order: IdentifiedOrder,
    *,
    case_number: str,
    patient_code: str,
    scans: Sequence[ScanEntry],
    synthetic: bool = False,
) -> Order:
    """Return the order with identities taken out."""
    return Order(
        case_number=case_number,
        patient_code=patient_code,
        profile=profile_of(order.items),
        items=tuple(_public_item(item) for item in order.items),
        scans=tuple(scans),
        origin=order.origin,
        synthetic=synthetic,
    )


def profile_of(items: Sequence[OrderItem]) -> Profile:
    """Return the strictest profile that the items ask for; study when they ask for none."""
    types = {item.type for item in items}
    return next((profile for profile, known in _TYPES.items() if types & known), Profile.STUDY)


def scan_ids(roles: Sequence[ScanRole | None]) -> tuple[str, ...]:
    """Name scans by what they show: "upper", then "upper_2"; "scan_1" where nobody says."""
    names: list[str] = []
    for number, role in enumerate(roles, start=1):
        name = role.value if role is not None else f"scan_{number}"
        same = sum(other is role for other in roles[: number - 1]) if role is not None else 0
        names.append(f"{name}_{same + 1}" if same else name)
    return tuple(names)


def _public_item(item: OrderItem) -> OrderItem:
    material = re.sub(r"[^a-z0-9]+", "_", item.material.lower()).strip("_")
    return OrderItem(
        type=item.type if item.type in _KNOWN_TYPES else "other",
        fdi=item.fdi,
        material=material if material in _MATERIALS else "",
        shade=item.shade if _SHADE.fullmatch(item.shade) else "",
    )
