// Normals and cavity per vertex: what a face is lit by.
//
// Rules owned here:
// - A normal is the sum of the area vectors of its faces, in their order, whether all are shaded or a
//   few again: the same mesh has the same shades.
// - Cavity is the mean curvature along the edges: below 0 in fissures, above 0 on ridges and
//   margins. It darkens valleys and lightens ridges, which a technician reads margins by.
// - Both lie in one attribute of four 16-bit numbers: 8 bytes a vertex.
import { release } from "./scratch.ts";

const SCALE = 32767;
const CURVATURE_AT_HALF = 0.9; // 1/mm: a bend of about 1 mm radius shows at half strength

export function shadeAll(
  positions: Float32Array, index: Uint32Array, faceCount: number, vertexCount: number, shades: Int16Array,
): void {
  const sums = new Float32Array(3 * vertexCount);
  for (let at = 0; at < 3 * faceCount; at += 3) addAreaVector(positions, index, at, sums);
  for (let vertex = 0; vertex < vertexCount; vertex++) writeNormal(vertex, vertex, sums, shades);
  const bend = sums.subarray(0, vertexCount), weight = sums.subarray(vertexCount, 2 * vertexCount);
  sums.fill(0, 0, 2 * vertexCount);
  for (let at = 0; at < 3 * faceCount; at += 3) {
    const a = index[at], b = index[at + 1], c = index[at + 2];
    if (a === b) continue;
    bendAlong(a, b, positions, shades, bend, weight);
    bendAlong(b, c, positions, shades, bend, weight);
    bendAlong(c, a, positions, shades, bend, weight);
  }
  for (let vertex = 0; vertex < vertexCount; vertex++) writeCavity(vertex, bend[vertex], weight[vertex], shades);
  release(sums);
}

/** Shade some vertices again after their faces or places changed. */
export function shadeSome(
  positions: Float32Array, index: Uint32Array, faceCount: number, vertices: Uint32Array, shades: Int16Array,
  vertexCount: number,
): void {
  if (!vertices.length) return;
  const number = new Int32Array(vertexCount).fill(-1), around: number[] = [];
  vertices.forEach((vertex, i) => { number[vertex] = i; });
  const sums = new Float32Array(3 * vertices.length);
  for (let at = 0; at < 3 * faceCount; at += 3) {
    const a = index[at], b = index[at + 1], c = index[at + 2];
    if (a === b || (number[a] < 0 && number[b] < 0 && number[c] < 0)) continue;
    addAreaVector(positions, index, at, sums, number);
    around.push(at);
  }
  vertices.forEach((vertex, i) => writeNormal(vertex, i, sums, shades));
  const bend = new Float32Array(vertices.length), weight = new Float32Array(vertices.length);
  for (const at of around) {
    const a = index[at], b = index[at + 1], c = index[at + 2];
    bendAlong(a, b, positions, shades, bend, weight, number);
    bendAlong(b, c, positions, shades, bend, weight, number);
    bendAlong(c, a, positions, shades, bend, weight, number);
  }
  vertices.forEach((vertex, i) => writeCavity(vertex, bend[i], weight[i], shades));
  release(number);
}

/** Add the area vector of the face at `at` to its corners, or to those that `number` names. */
function addAreaVector(
  positions: Float32Array, index: Uint32Array, at: number, sums: Float32Array, number: Int32Array | null = null,
): void {
  const a = 3 * index[at], b = 3 * index[at + 1], c = 3 * index[at + 2];
  const ux = positions[b] - positions[a], uy = positions[b + 1] - positions[a + 1], uz = positions[b + 2] - positions[a + 2];
  const vx = positions[c] - positions[a], vy = positions[c + 1] - positions[a + 1], vz = positions[c + 2] - positions[a + 2];
  const x = uy * vz - uz * vy, y = uz * vx - ux * vz, z = ux * vy - uy * vx;
  for (let k = 0; k < 3; k++) {
    const to = number ? 3 * number[index[at + k]] : 3 * index[at + k];
    if (to < 0) continue;
    sums[to] += x; sums[to + 1] += y; sums[to + 2] += z;
  }
}

function writeNormal(vertex: number, from: number, sums: Float32Array, shades: Int16Array): void {
  const x = sums[3 * from], y = sums[3 * from + 1], z = sums[3 * from + 2];
  const length = Math.sqrt(x * x + y * y + z * z) || 1;
  shades[4 * vertex] = (x / length) * SCALE;
  shades[4 * vertex + 1] = (y / length) * SCALE;
  shades[4 * vertex + 2] = (z / length) * SCALE;
}

function bendAlong(
  a: number, b: number, positions: Float32Array, shades: Int16Array, bend: Float32Array, weight: Float32Array,
  number: Int32Array | null = null,
): void {
  const i = number ? number[a] : a, j = number ? number[b] : b;
  const x = positions[3 * b] - positions[3 * a], y = positions[3 * b + 1] - positions[3 * a + 1];
  const z = positions[3 * b + 2] - positions[3 * a + 2];
  const scale = -2 / SCALE / (x * x + y * y + z * z + 1e-6);
  if (i >= 0) {
    bend[i] += (x * shades[4 * a] + y * shades[4 * a + 1] + z * shades[4 * a + 2]) * scale;
    weight[i] += 1;
  }
  if (j >= 0) {
    bend[j] -= (x * shades[4 * b] + y * shades[4 * b + 1] + z * shades[4 * b + 2]) * scale;
    weight[j] += 1;
  }
}

function writeCavity(vertex: number, bend: number, weight: number, shades: Int16Array): void {
  const mean = weight ? bend / weight : 0;
  shades[4 * vertex + 3] = (mean / (Math.abs(mean) + CURVATURE_AT_HALF)) * SCALE;
}
