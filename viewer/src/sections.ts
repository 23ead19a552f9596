// Where a plane cuts a mesh: the outline of a section, and how thick a wall is.
import type { SlotMesh } from "./slots.ts";

/** Segments (x, y, z twice) where the plane n.x = offset cuts living faces. */
export function sectionOutline(mesh: SlotMesh, normal: ArrayLike<number>, offset: number): Float32Array {
  const { positions, index: faces, alive, faceCount, vertexCount } = mesh;
  const height = new Float32Array(vertexCount), [nx, ny, nz] = Array.from(normal);
  for (let vertex = 0, at = 0; vertex < vertexCount; vertex++, at += 3) {
    height[vertex] = nx * positions[at] + ny * positions[at + 1] + nz * positions[at + 2] - offset;
  }
  const segments: number[] = [];
  for (let slot = 0, at = 0; slot < faceCount; slot++, at += 3) {
    if (!alive[slot]) continue;
    const a = faces[at], b = faces[at + 1], c = faces[at + 2];
    const above = (height[a] > 0 ? 1 : 0) + (height[b] > 0 ? 1 : 0) + (height[c] > 0 ? 1 : 0);
    if (above === 0 || above === 3) continue;
    crossing(a, b, positions, height, segments);
    crossing(b, c, positions, height, segments);
    crossing(c, a, positions, height, segments);
  }
  return Float32Array.from(segments);
}

function crossing(a: number, b: number, positions: Float32Array, height: Float32Array, out: number[]): void {
  if (height[a] > 0 === height[b] > 0) return;
  const part = height[a] / (height[a] - height[b]);
  for (let k = 0; k < 3; k++) out.push(positions[3 * a + k] + part * (positions[3 * b + k] - positions[3 * a + k]));
}

/** Angle at the middle of three places, in degrees. */
export function angleDegrees(a: number[], middle: number[], b: number[]): number {
  const u = a.map((value, k) => value - middle[k]), v = b.map((value, k) => value - middle[k]);
  const dot = u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
  const length = Math.hypot(...u) * Math.hypot(...v);
  return length ? (Math.acos(Math.min(1, Math.max(-1, dot / length))) * 180) / Math.PI : 0;
}

export function distance(a: number[], b: number[]): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}
