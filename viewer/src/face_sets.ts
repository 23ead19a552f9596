// Sets of face slots: what lies in a lasso, grow, shrink, invert. Pure; one byte per slot.
import { Matrix4, Vector3 } from "three";
import type { Sight } from "./sight.ts";
import type { SlotMesh } from "./slots.ts";

const OFF_MM = 0.05; // off the vertex's own faces

export type FaceMask = Uint8Array; // (slots,)

/** What tells what is hidden. */
export interface Occluder {
  sight(): Sight;
}

export function maskOf(mesh: SlotMesh, slots: ArrayLike<number>): FaceMask {
  const mask = new Uint8Array(mesh.faceCount);
  for (let i = 0; i < slots.length; i++) if (mesh.alive[slots[i]]) mask[slots[i]] = 1;
  return mask;
}

export function slotsOf(mask: FaceMask): Uint32Array {
  let count = 0;
  for (let slot = 0; slot < mask.length; slot++) count += mask[slot];
  const slots = new Uint32Array(count);
  for (let slot = 0, i = 0; slot < mask.length; slot++) if (mask[slot]) slots[i++] = slot;
  return slots;
}

/** Add every face that shares a vertex with the set. */
export function grown(mesh: SlotMesh, mask: FaceMask): FaceMask {
  const touched = new Uint8Array(mesh.vertexCount), { index: faces, faceCount, alive } = mesh;
  for (let slot = 0, at = 0; slot < faceCount; slot++, at += 3) {
    if (mask[slot]) touched[faces[at]] = touched[faces[at + 1]] = touched[faces[at + 2]] = 1;
  }
  const result = new Uint8Array(faceCount);
  for (let slot = 0, at = 0; slot < faceCount; slot++, at += 3) {
    if (alive[slot] && (touched[faces[at]] || touched[faces[at + 1]] || touched[faces[at + 2]])) result[slot] = 1;
  }
  return result;
}

/** Take away every face that shares a vertex with a face outside the set. */
export function shrunk(mesh: SlotMesh, mask: FaceMask): FaceMask {
  return inverted(mesh, grown(mesh, inverted(mesh, mask)));
}

export function inverted(mesh: SlotMesh, mask: FaceMask): FaceMask {
  const result = new Uint8Array(mesh.faceCount);
  for (let slot = 0; slot < mesh.faceCount; slot++) result[slot] = mesh.alive[slot] && !mask[slot] ? 1 : 0;
  return result;
}

/** Every face joined to one by edges or vertices. */
export function componentOf(mesh: SlotMesh, start: number): FaceMask {
  const { index: faces, faceCount, alive } = mesh, parent = new Int32Array(mesh.vertexCount);
  for (let vertex = 0; vertex < parent.length; vertex++) parent[vertex] = vertex;
  const root = (vertex: number) => {
    while (parent[vertex] !== vertex) vertex = parent[vertex] = parent[parent[vertex]];
    return vertex;
  };
  for (let slot = 0, at = 0; slot < faceCount; slot++, at += 3) {
    if (!alive[slot]) continue;
    const a = root(faces[at]);
    parent[root(faces[at + 1])] = a;
    parent[root(faces[at + 2])] = a;
  }
  const own = root(faces[3 * start]), result = new Uint8Array(faceCount);
  for (let slot = 0, at = 0; slot < faceCount; slot++, at += 3) {
    if (alive[slot] && root(faces[at]) === own) result[slot] = 1;
  }
  return result;
}

export interface LassoView {
  matrix: Matrix4; // projection times view
  width: number;
  height: number;
  mask: Uint8Array; // of pixels, from polygonMask
  toward: Vector3; // to the viewer
  eye: Vector3 | null; // of a perspective camera
  isKept?: (place: Vector3) => boolean; // not clipped away
}

/**
 * Faces with all corners in the lasso; unless `through`, only those that face the viewer and have
 * a corner in sight.
 */
export function facesInLasso(mesh: SlotMesh, view: LassoView, through: boolean, tree: Occluder): FaceMask {
  const { positions, index: faces, alive, faceCount, vertexCount } = mesh, m = view.matrix.elements;
  const inside = new Uint8Array(vertexCount), { width, height, mask } = view;
  for (let vertex = 0, at = 0; vertex < vertexCount; vertex++, at += 3) {
    const x = positions[at], y = positions[at + 1], z = positions[at + 2];
    const w = m[3] * x + m[7] * y + m[11] * z + m[15];
    const column = Math.floor((((m[0] * x + m[4] * y + m[8] * z + m[12]) / w + 1) / 2) * width);
    const row = Math.floor(((1 - (m[1] * x + m[5] * y + m[9] * z + m[13]) / w) / 2) * height);
    if (w > 0 && column >= 0 && column < width && row >= 0 && row < height) inside[vertex] = mask[row * width + column];
  }
  const result = new Uint8Array(faceCount);
  const seen = new Uint8Array(through ? 0 : vertexCount); // 0 not asked, 1 in sight, 2 hidden
  const place = new Vector3(), toward = view.toward.clone();
  const isBlocked = through ? () => false : tree.sight();
  const inSight = (vertex: number) => {
    if (!seen[vertex]) {
      place.fromArray(positions, 3 * vertex);
      if (view.eye) toward.subVectors(view.eye, place).normalize();
      place.addScaledVector(toward, OFF_MM);
      seen[vertex] = isBlocked(place.x, place.y, place.z, toward.x, toward.y, toward.z) ? 2 : 1;
    }
    return seen[vertex] === 1;
  };
  for (let slot = 0, at = 0; slot < faceCount; slot++, at += 3) {
    if (!alive[slot]) continue;
    const a = faces[at], b = faces[at + 1], c = faces[at + 2];
    if (!(inside[a] && inside[b] && inside[c])) continue;
    if (view.isKept && !view.isKept(place.fromArray(positions, 3 * a))) continue;
    if (!through) {
      if (view.eye) toward.subVectors(view.eye, place.fromArray(positions, 3 * a)).normalize();
      if (turnedAway(positions, a, b, c, toward)) continue;
      // A corner that is known to be in sight speaks for all its faces: a third of the vertices are asked.
      if (seen[a] !== 1 && seen[b] !== 1 && seen[c] !== 1 && !inSight(c) && !inSight(b) && !inSight(a)) continue;
    }
    result[slot] = 1;
  }
  return result;
}

function turnedAway(positions: Float32Array, a: number, b: number, c: number, toward: Vector3): boolean {
  const i = 3 * a, j = 3 * b, k = 3 * c;
  const ux = positions[j] - positions[i], uy = positions[j + 1] - positions[i + 1], uz = positions[j + 2] - positions[i + 2];
  const vx = positions[k] - positions[i], vy = positions[k + 1] - positions[i + 1], vz = positions[k + 2] - positions[i + 2];
  return (uy * vz - uz * vy) * toward.x + (uz * vx - ux * vz) * toward.y + (ux * vy - uy * vx) * toward.z < 0;
}
