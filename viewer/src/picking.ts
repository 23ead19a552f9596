// What lies under a ray: a bounding tree over the slots, kept quick while the mesh changes.
//
// Rules owned here:
// - The tree is built once over all slots, dead ones with the corners they had, and reads `index` when
//   asked: a dead slot is degenerate there and no ray meets it, a revived one is found again.
// - Slots appended since then lie in a second, small tree; once they are many, both are built anew
//   when the browser has time. Moved vertices refit the first.
import { BufferAttribute, BufferGeometry, DoubleSide, Ray, Sphere, Vector3 } from "three";
import type { MeshBVH } from "three-mesh-bvh";
import { sightThrough, type Sight } from "./sight.ts";
import type { Change, SlotMesh } from "./slots.ts";
import { buildTree, releaseTree } from "./tree.ts";

export interface Hit {
  slot: number;
  place: Vector3;
  distance: number;
  normal: Vector3;
}

const MANY = 20000;

export class Picking {
  private readonly geometry = new BufferGeometry();
  private main: MeshBVH | null = null;
  private covered = 0; // slots in the first tree
  private late: MeshBVH | null = null;
  private lateStale = true;
  private stretched = false;
  private idle = 0;

  constructor(private readonly mesh: SlotMesh) {
    this.attach();
  }

  /** Build the tree when the browser has time, before the first click needs it. */
  prepareSoon(): void {
    if (this.idle || (this.main && !this.isCrowded)) return;
    const later = globalThis.requestIdleCallback ?? ((work: () => void) => setTimeout(work, 60));
    this.idle = later(() => {
      this.idle = 0;
      if (this.isCrowded) this.main = null;
      this.prepare();
    }, { timeout: 400 }) as number;
  }

  changed(change: Change): void {
    this.attach();
    this.covered = Math.min(this.covered, this.mesh.faceCount);
    this.lateStale = true;
    if (change.inverse.moved.length) this.stretched = true;
    if (this.isCrowded) this.prepareSoon();
  }

  first(ray: Ray): Hit | null {
    this.prepare();
    let best: Hit | null = null;
    for (const tree of [this.main, this.late]) {
      const met = tree?.raycastFirst(ray, DoubleSide);
      if (met && met.faceIndex != null && (!best || met.distance < best.distance)) {
        best = { slot: met.faceIndex, place: met.point, distance: met.distance, normal: met.face!.normal };
      }
    }
    return best;
  }

  /** What tells whether anything lies on a ray; good until the mesh changes. */
  sight(): Sight {
    this.prepare();
    const [main, late] = [this.main, this.late].map((tree) => tree && sightThrough(tree, this.mesh));
    if (!main || !late) return main ?? late ?? (() => false);
    return (...ray) => main(...ray) || late(...ray);
  }

  all(ray: Ray): Hit[] {
    this.prepare();
    const hits: Hit[] = [];
    for (const tree of [this.main, this.late]) {
      for (const met of tree?.raycast(ray, DoubleSide) ?? []) {
        hits.push({ slot: met.faceIndex!, place: met.point, distance: met.distance, normal: met.face!.normal });
      }
    }
    return hits.sort((a, b) => a.distance - b.distance);
  }

  /** Slots alive whose centre lies in the sphere. */
  inside(sphere: Sphere): number[] {
    this.prepare();
    const found: number[] = [], limit = sphere.radius * sphere.radius, { x, y, z } = sphere.center;
    for (const tree of [this.main, this.late]) {
      tree?.shapecast({
        intersectsBounds: (box) => sphere.intersectsBox(box),
        intersectsTriangle: (_triangle, slot) => {
          if (this.mesh.alive[slot]) {
            const c = this.mesh.centre(slot);
            if ((c[0] - x) ** 2 + (c[1] - y) ** 2 + (c[2] - z) ** 2 <= limit) found.push(slot);
          }
          return false;
        },
      });
    }
    return found;
  }

  prepare(): void {
    if (!this.main) {
      const start = performance.now();
      this.covered = this.mesh.faceCount;
      this.mesh.withDead(() => { this.main = this.tree(0, this.covered); });
      this.stretched = false;
      this.lateStale = true;
      performance.measure("stsbench:tree", { start, end: performance.now() });
    }
    if (this.stretched) {
      this.mesh.withDead(() => this.main?.refit());
      this.stretched = false;
    }
    if (this.lateStale) {
      const count = this.mesh.faceCount - this.covered;
      this.late = count > 0 ? this.tree(this.covered, count) : null;
      this.lateStale = false;
    }
  }

  close(): void {
    (globalThis.cancelIdleCallback ?? clearTimeout)(this.idle);
    for (const tree of [this.main, this.late]) if (tree) releaseTree(tree);
    this.main = this.late = null;
    this.geometry.dispose();
  }

  private get isCrowded(): boolean {
    return this.main !== null && this.mesh.faceCount - this.covered > MANY;
  }

  private tree(start: number, count: number): MeshBVH | null {
    if (!count) return null;
    return buildTree(this.geometry, this.mesh, start, count);
  }

  private attach(): void {
    this.geometry.setAttribute("position", new BufferAttribute(this.mesh.positions, 3));
    this.geometry.setIndex(new BufferAttribute(this.mesh.index, 1));
  }
}
