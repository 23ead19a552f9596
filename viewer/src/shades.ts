// Normals and cavity per vertex: what a face is lit by.
//
// Rules owned here:
// - A normal is the sum of the area vectors of its faces. The sums are kept, so that a delta adds
//   and takes away only its own faces.
// - Cavity is the mean curvature along the edges: below 0 in fissures, above 0 on ridges and
//   margins. It darkens valleys and lightens ridges, which a technician reads margins by.
// - Both lie in one attribute of four 16-bit numbers: 8 bytes a vertex.
const SCALE = 32767;
const CURVATURE_AT_HALF = 0.9; // 1/mm: a bend of about 1 mm radius shows at half strength

export function addAreaVectors(
  positions: Float32Array, faces: Uint32Array, slot: number, sign: number, sums: Float32Array,
): void {
  const a = 3 * faces[3 * slot], b = 3 * faces[3 * slot + 1], c = 3 * faces[3 * slot + 2];
  const ux = positions[b] - positions[a], uy = positions[b + 1] - positions[a + 1], uz = positions[b + 2] - positions[a + 2];
  const vx = positions[c] - positions[a], vy = positions[c + 1] - positions[a + 1], vz = positions[c + 2] - positions[a + 2];
  const x = sign * (uy * vz - uz * vy), y = sign * (uz * vx - ux * vz), z = sign * (ux * vy - uy * vx);
  sums[a] += x; sums[a + 1] += y; sums[a + 2] += z;
  sums[b] += x; sums[b + 1] += y; sums[b + 2] += z;
  sums[c] += x; sums[c + 1] += y; sums[c + 2] += z;
}

export function shadeAll(
  positions: Float32Array, index: Uint32Array, faceCount: number, vertexCount: number, sums: Float32Array,
  shades: Int16Array,
): void {
  for (let slot = 0; slot < faceCount; slot++) addAreaVectors(positions, index, slot, 1, sums);
  for (let vertex = 0; vertex < vertexCount; vertex++) writeNormal(vertex, sums, shades);
  const bend = new Float32Array(vertexCount), weight = new Float32Array(vertexCount);
  for (let at = 0; at < 3 * faceCount; at += 3) {
    if (index[at] === index[at + 1]) continue;
    bendAlong(index[at], index[at + 1], positions, shades, bend, weight);
    bendAlong(index[at + 1], index[at + 2], positions, shades, bend, weight);
    bendAlong(index[at + 2], index[at], positions, shades, bend, weight);
  }
  for (let vertex = 0; vertex < vertexCount; vertex++) writeCavity(vertex, bend[vertex], weight[vertex], shades);
}

/** Shade some vertices again after their faces or places changed. */
export function shadeSome(
  positions: Float32Array, index: Uint32Array, faceCount: number, vertices: Uint32Array, sums: Float32Array,
  shades: Int16Array, vertexCount: number,
): void {
  if (!vertices.length) return;
  const number = new Int32Array(vertexCount).fill(-1);
  vertices.forEach((vertex, i) => {
    number[vertex] = i;
    writeNormal(vertex, sums, shades);
  });
  const bend = new Float32Array(vertices.length), weight = new Float32Array(vertices.length);
  const one = (from: number, to: number) => {
    if (number[from] < 0) return;
    const k = curvature(from, to, positions, shades);
    bend[number[from]] += k;
    weight[number[from]] += 1;
  };
  for (let at = 0; at < 3 * faceCount; at += 3) {
    const a = index[at], b = index[at + 1], c = index[at + 2];
    if (a === b || (number[a] < 0 && number[b] < 0 && number[c] < 0)) continue;
    one(a, b); one(b, a); one(b, c); one(c, b); one(c, a); one(a, c);
  }
  vertices.forEach((vertex, i) => writeCavity(vertex, bend[i], weight[i], shades));
}

function writeNormal(vertex: number, sums: Float32Array, shades: Int16Array): void {
  const x = sums[3 * vertex], y = sums[3 * vertex + 1], z = sums[3 * vertex + 2];
  const length = Math.sqrt(x * x + y * y + z * z) || 1;
  shades[4 * vertex] = (x / length) * SCALE;
  shades[4 * vertex + 1] = (y / length) * SCALE;
  shades[4 * vertex + 2] = (z / length) * SCALE;
}

function bendAlong(
  a: number, b: number, positions: Float32Array, shades: Int16Array, bend: Float32Array, weight: Float32Array,
): void {
  const x = positions[3 * b] - positions[3 * a], y = positions[3 * b + 1] - positions[3 * a + 1];
  const z = positions[3 * b + 2] - positions[3 * a + 2];
  const scale = -2 / SCALE / (x * x + y * y + z * z + 1e-6);
  bend[a] += (x * shades[4 * a] + y * shades[4 * a + 1] + z * shades[4 * a + 2]) * scale;
  bend[b] -= (x * shades[4 * b] + y * shades[4 * b + 1] + z * shades[4 * b + 2]) * scale;
  weight[a] += 1;
  weight[b] += 1;
}

function curvature(from: number, to: number, positions: Float32Array, shades: Int16Array): number {
  const x = positions[3 * to] - positions[3 * from], y = positions[3 * to + 1] - positions[3 * from + 1];
  const z = positions[3 * to + 2] - positions[3 * from + 2];
  const along = x * shades[4 * from] + y * shades[4 * from + 1] + z * shades[4 * from + 2];
  return (-2 * along) / SCALE / (x * x + y * y + z * z + 1e-6);
}

function writeCavity(vertex: number, bend: number, weight: number, shades: Int16Array): void {
  const mean = weight ? bend / weight : 0;
  shades[4 * vertex + 3] = (mean / (Math.abs(mean) + CURVATURE_AT_HALF)) * SCALE;
}
