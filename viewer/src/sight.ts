// Whether anything stands between a place and the eye: asked for each vertex of a lasso.
//
// Rules owned here:
// - It walks the nodes of tree.ts itself and makes no object on its way: a lasso asks 16,000 times, and
//   three-mesh-bvh, which looks for the first face and says where, takes six times as long.
// - Both sides of a face stop a ray. A dead slot has no area and stops none.
import { LEAF_MARK, nodesOf, WORDS } from "./tree.ts";
import type { MeshBVH } from "three-mesh-bvh";
import type { SlotMesh } from "./slots.ts";

/** Is anything on the ray from a place, in mm, in a direction? */
export type Sight = (x: number, y: number, z: number, dx: number, dy: number, dz: number) => boolean;

const DEEPEST = 128;
const stack = new Int32Array(DEEPEST);

/** Look through a tree; good until the mesh changes. */
export function sightThrough(tree: MeshBVH, { positions, index }: SlotMesh): Sight {
  const { boxes, words, order } = nodesOf(tree);

  const stops = (slot: number, x: number, y: number, z: number, dx: number, dy: number, dz: number): boolean => {
    const a = 3 * index[3 * slot], b = 3 * index[3 * slot + 1], c = 3 * index[3 * slot + 2];
    const ax = positions[a], ay = positions[a + 1], az = positions[a + 2];
    const ux = positions[b] - ax, uy = positions[b + 1] - ay, uz = positions[b + 2] - az;
    const vx = positions[c] - ax, vy = positions[c + 1] - ay, vz = positions[c + 2] - az;
    const px = dy * vz - dz * vy, py = dz * vx - dx * vz, pz = dx * vy - dy * vx;
    const det = ux * px + uy * py + uz * pz;
    if (!det) return false;
    const tx = x - ax, ty = y - ay, tz = z - az, first = (tx * px + ty * py + tz * pz) / det;
    if (!(first >= 0 && first <= 1)) return false;
    const qx = ty * uz - tz * uy, qy = tz * ux - tx * uz, qz = tx * uy - ty * ux;
    const second = (dx * qx + dy * qy + dz * qz) / det;
    return second >= 0 && first + second <= 1 && (vx * qx + vy * qy + vz * qz) / det >= 0;
  };

  return (x, y, z, dx, dy, dz) => {
    const ix = 1 / dx, iy = 1 / dy, iz = 1 / dz;
    const fx = dx < 0 ? 3 : 0, fy = dy < 0 ? 4 : 1, fz = dz < 0 ? 5 : 2; // the side of a box met first
    let depth = 1;
    stack[0] = 0;
    while (depth) {
      const at = WORDS * stack[--depth];
      let near = 0, far = Infinity;
      // Along a side of the box these are no numbers: no comparison holds, and the others decide.
      const x0 = (boxes[at + fx] - x) * ix, x1 = (boxes[at + 3 - fx] - x) * ix;
      const y0 = (boxes[at + fy] - y) * iy, y1 = (boxes[at + 5 - fy] - y) * iy;
      const z0 = (boxes[at + fz] - z) * iz, z1 = (boxes[at + 7 - fz] - z) * iz;
      if (x0 > near) near = x0;
      if (y0 > near) near = y0;
      if (z0 > near) near = z0;
      if (x1 < far) far = x1;
      if (y1 < far) far = y1;
      if (z1 < far) far = z1;
      if (near > far) continue;
      const last = words[at + 7];
      if (last >= LEAF_MARK) {
        const first = words[at + 6];
        for (let i = first, end = first + (last - LEAF_MARK); i < end; i++) {
          if (stops(order[i], x, y, z, dx, dy, dz)) return true;
        }
      } else {
        const node = at / WORDS;
        stack[depth++] = node + words[at + 6];
        stack[depth++] = node + 1;
      }
    }
    return false;
  };
}
