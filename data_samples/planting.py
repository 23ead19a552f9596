"""Clinic files with names in every place where such files leak them.

Rules owned here:
- These writers do on purpose what `stsbench.files` never does: each puts identifying text into
  every channel of its format (research: case-files). They are for samples only.
- Same input, same bytes: no clock, no random names.

Sources: Turk, The PLY polygon file format, 1994; Library of Congress, STL format family
(fdd000504); Wavefront OBJ; W3C, Portable Network Graphics, third edition.
"""

import json
import struct
import zlib
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

from data_samples.channels import planted_channels
from data_samples.identities import CANARIES, CLINICS, PEOPLE, Clinic, Person
from stsbench.domain.mesh import TriangleMesh

__all__ = [
    "CANARIES",
    "CLINICS",
    "PEOPLE",
    "clinic_ascii_stl",
    "clinic_json",
    "clinic_mtl",
    "clinic_obj",
    "clinic_ply",
    "clinic_stl",
    "clinic_texture",
    "dental_project",
    "planted_channels",
    "three_shape_order",
]


def _line(person: Person | None, clinic: Clinic | None) -> str:
    """Return one line that says who, as scanners write it; generic words for nobody."""
    if person is None or clinic is None:
        return "intraoral scan"
    return f"{person.last} {person.first} {person.born} {person.chart} {clinic.operator}".strip()


def clinic_stl(
    mesh: TriangleMesh,
    person: Person | None = None,
    clinic: Clinic | None = None,
    *,
    encoding: str = "utf-8",
    scale: float = 1.0,
    trailing: bool = False,
) -> bytes:
    """Return binary STL with the name in its header, its attribute bytes and, if asked, its tail.

    A tail makes the length another than the face count says: careful readers refuse that.
    """
    corners = (mesh.vertices[mesh.faces] * scale).astype("<f4")
    record = np.zeros(mesh.face_count, [("n", "<f4", 3), ("v", "<f4", (3, 3)), ("a", "<u2")])
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).astype(float)
    length = np.sqrt((normal**2).sum(axis=1, keepdims=True))
    record["n"] = np.round(normal / np.maximum(length, 1e-20), 5)
    record["v"] = corners
    line = _line(person, clinic).encode(encoding)
    header = (line if person else b"STLB " + line)[:80].ljust(80)
    tail = b""
    if person and clinic:
        letters = line + b"\0" * (len(line) % 2)
        record["a"][: len(letters) // 2] = np.frombuffer(letters, "<u2")
        if trailing:
            tail = f"\nexported for {person.full} by {clinic.doctor}\n".encode(encoding)
    return header + struct.pack("<I", mesh.face_count) + record.tobytes() + tail


def clinic_ascii_stl(mesh: TriangleMesh, person: Person, clinic: Clinic) -> bytes:
    """Return ASCII STL whose solid is named after the patient; Latin-1, as old software writes."""
    name = f"{person.first}_{person.last}_{person.chart}"
    corners = mesh.vertices[mesh.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.maximum(np.sqrt((normal**2).sum(axis=1, keepdims=True)), 1e-20)
    lines = [f"solid {name} {clinic.name}"]
    for n, (a, b, c) in zip(normal.tolist(), corners.tolist(), strict=True):
        lines += [
            f"facet normal {n[0]:.3f} {n[1]:.3f} {n[2]:.3f}",
            "outer loop",
            *(f"vertex {x:.4f} {y:.4f} {z:.4f}" for x, y, z in (a, b, c)),
            "endloop",
            "endfacet",
        ]
    return "\n".join([*lines, f"endsolid {name}", ""]).encode("latin-1")


def clinic_ply(
    mesh: TriangleMesh,
    person: Person | None = None,
    clinic: Clinic | None = None,
    *,
    scale: float = 1.0,
    big_endian: bool = False,
    texture: str = "",
) -> bytes:
    """Return binary PLY with names in comments and obj_info, and behind its end."""
    order = ">" if big_endian else "<"
    layout = [(axis, f"{order}f4") for axis in "xyz"]
    kinds = ["float"] * 3
    if mesh.colours is not None:
        layout += [(colour, "u1") for colour in ("red", "green", "blue")]
        kinds += ["uchar"] * 3
    head = ["ply", f"format binary_{'big' if big_endian else 'little'}_endian 1.0"]
    head += [f"comment {_line(person, clinic)}"]
    if person and clinic:
        head += [f"comment Patient: {person.full}, practice {clinic.name}, {clinic.mail}"]
        head += [f"obj_info operator={clinic.operator};chart={person.chart};doctor={clinic.doctor}"]
    if texture:
        head += [f"comment TextureFile {texture}"]
    head += [f"element vertex {mesh.vertex_count}"]
    head += [f"property {kind} {name}" for kind, (name, _) in zip(kinds, layout, strict=True)]
    head += [f"element face {mesh.face_count}", "property list uchar int vertex_indices"]
    rows = np.zeros(mesh.vertex_count, layout)
    for k, axis in enumerate("xyz"):
        rows[axis] = mesh.vertices[:, k] * scale
    if mesh.colours is not None:
        for k, colour in enumerate(("red", "green", "blue")):
            rows[colour] = mesh.colours[:, k]
    faces = np.zeros(mesh.face_count, [("n", "u1"), ("i", f"{order}i4", 3)])
    faces["n"], faces["i"] = 3, mesh.faces
    tail = f"\n{person.full}\n".encode("utf-16-le") if person else b""
    return "\n".join([*head, "end_header\n"]).encode() + rows.tobytes() + faces.tobytes() + tail


def clinic_obj(mesh: TriangleMesh, person: Person, clinic: Clinic, *, library: str) -> bytes:
    """Return OBJ with names in comments, mtllib, o, g and usemtl; colours behind coordinates."""
    name = f"{person.last}_{person.first}"
    lines = [f"# {_line(person, clinic)}", f"mtllib {library}", f"o {name}_antagonist"]
    colours = None if mesh.colours is None else np.round(mesh.colours / 255.0, 3)
    for i, (x, y, z) in enumerate(mesh.vertices.tolist()):
        tint = "" if colours is None else " {:.3f} {:.3f} {:.3f}".format(*colours[i])
        lines.append(f"v {x:.4f} {y:.4f} {z:.4f}{tint}")
    lines += [f"g {person.chart}", f"usemtl {person.last}_enamel"]
    lines += [f"f {a} {b} {c}" for a, b, c in (mesh.faces + 1).tolist()]
    return "\n".join([*lines, f"# end of scan of {person.full}", ""]).encode()


def clinic_mtl(person: Person, *, texture: str) -> bytes:
    """Return the material library of an OBJ."""
    lines = [f"# materials of {person.full}", f"newmtl {person.last}_enamel", "Kd 0.9 0.86 0.78"]
    return "\n".join([*lines, f"map_Kd {texture}", ""]).encode()


def clinic_texture(person: Person, clinic: Clinic) -> bytes:
    """Return a PNG of 2 x 2 pixels with names in its text, an XMP packet and behind its end."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    pixels = b"".join(b"\0" + bytes((222, 198, 158)) * 2 for _ in range(2))
    about = f"Author\0{person.first} {person.last}, {clinic.operator}".encode("latin-1", "replace")
    packet = f"<x:xmpmeta><dc:creator>{clinic.doctor}</dc:creator></x:xmpmeta>".encode()
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)),
            chunk(b"tEXt", about),
            chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet),
            # Stored, not deflated: libraries deflate differently.
            chunk(b"IDAT", zlib.compress(pixels, 0)),
            chunk(b"IEND", b""),
            f"{person.chart} {person.full}".encode(),
        ]
    )


def dental_project(person: Person, clinic: Clinic, *, order_no: str, teeth: Iterable[int]) -> bytes:
    """Return an exocad-like `.dentalProject`."""
    rows = "".join(
        f"<Tooth><Number>{fdi}</Number><ReconstructionType>AnatomicCrown</ReconstructionType></Tooth>"
        for fdi in teeth
    )
    text = (
        '<?xml version="1.0" encoding="utf-8"?>\n<Treatment><DateTime>2024-11-04T09:30:00</DateTime>'
        f"<ProjectGUID>{escape(order_no)}</ProjectGUID><Notes>{escape(person.full)}, "
        f"{escape(person.mail)} {escape(person.phone)}</Notes>"
        f"<Practice><PracticeId>{escape(clinic.mail)}</PracticeId>"
        f"<PracticeName>{escape(clinic.name)}</PracticeName></Practice>"
        f"<Patient><PatientId>{escape(person.chart)}</PatientId><PatientName>{escape(person.last)}"
        f"</PatientName><PatientFirstName>{escape(person.first)}</PatientFirstName></Patient>"
        f"<Teeth>{rows}</Teeth></Treatment>\n"
    )
    return text.encode()


def three_shape_order(person: Person, clinic: Clinic, *, order_no: str, model_file: str) -> bytes:
    """Return a 3Shape-like order XML in UTF-16, as some exports are."""
    properties = {
        "IntOrderID": order_no,
        "Patient_FirstName": person.first,
        "Patient_LastName": person.last,
        "Patient_RefNo": person.chart,
        "OrderComments": f"{person.full} {person.born}",
        "Customer": clinic.name,
        "OperatorName": clinic.operator,
        "ModelFilename": model_file,
    }
    rows = "".join(
        f'<Property name="{name}" value="{escape(value, {chr(34): "&quot;"})}"/>'
        for name, value in properties.items()
    )
    text = (
        '<?xml version="1.0" encoding="utf-16"?>\n<DentalContainer version="1.0"><Object '
        f'type="TDM_List_Order"><Object type="TDM_Item_Order">{rows}</Object></Object>'
        "</DentalContainer>\n"
    )
    return b"\xff\xfe" + text.encode("utf-16-le")


def clinic_json(document: dict[str, Any]) -> bytes:
    """Return a JSON document, indented, in UTF-8."""
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()
