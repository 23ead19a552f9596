// What is drawn over a layer with its own vertices: chosen faces, a preview, an edit map, the wire frame.
//
// Rules owned here:
// - An overlay holds an index of its own and nothing else: the vertices are the layer's, and stay when
//   it goes.
import { BufferAttribute, BufferGeometry, DynamicDrawUsage, LineSegments, Mesh, type ShaderMaterial } from "three";
import { uniqueEdges } from "./borders.ts";
import { surfaceMaterial, type Look } from "./material.ts";
import type { SlotMesh } from "./slots.ts";

const SHARED = ["position", "shade"] as const;

/** Some slots of a layer drawn once more. */
export class Overlay {
  readonly material: ShaderMaterial;
  readonly mesh: Mesh;
  private geometry = new BufferGeometry();

  constructor(look: Look) {
    this.material = surfaceMaterial({ inside: look.colour, ...look });
    this.material.uniforms.relief.value = 0.6;
    this.mesh = new Mesh(this.geometry, this.material);
    this.mesh.frustumCulled = false;
    this.mesh.renderOrder = look.inFront ?? 2;
  }

  attach(from: BufferGeometry): void {
    for (const name of SHARED) this.geometry.setAttribute(name, from.getAttribute(name));
    this.geometry.boundingSphere = from.boundingSphere;
  }

  show(slots: ArrayLike<number>, index: Uint32Array): void {
    const own = new Uint32Array(3 * slots.length);
    for (let i = 0; i < slots.length; i++) {
      const at = 3 * slots[i];
      own[3 * i] = index[at];
      own[3 * i + 1] = index[at + 1];
      own[3 * i + 2] = index[at + 2];
    }
    const old = this.geometry.index;
    if (old && old.array.length >= own.length && old.array.length <= 4 * own.length + 3000) {
      (old.array as Uint32Array).set(own);
      old.clearUpdateRanges();
      old.addUpdateRange(0, own.length);
      old.needsUpdate = true;
    } else {
      const room = new Uint32Array(Math.ceil(own.length * 1.25));
      room.set(own);
      const next = new BufferGeometry();
      for (const name of SHARED) next.setAttribute(name, this.geometry.getAttribute(name));
      next.boundingSphere = this.geometry.boundingSphere;
      next.setIndex(new BufferAttribute(room, 1).setUsage(DynamicDrawUsage));
      this.free();
      this.geometry = this.mesh.geometry = next;
    }
    this.geometry.setDrawRange(0, own.length);
  }

  close(): void {
    this.free();
    this.material.dispose();
  }

  private free(): void {
    // The vertices belong to the layer: forget them before freeing the index.
    for (const name of SHARED) this.geometry.deleteAttribute(name);
    this.geometry.dispose();
  }
}

/** Every edge of the living faces once, a little in front of them. */
export class Wires {
  readonly material = surfaceMaterial({ colour: 0x20242a, inside: 0x20242a, opacity: 0.42, inFront: 1 });
  readonly lines: LineSegments;
  private geometry = new BufferGeometry();

  constructor() {
    this.material.uniforms.isLine.value = 1;
    this.lines = new LineSegments(this.geometry, this.material);
    this.lines.frustumCulled = false;
    this.lines.renderOrder = 3;
  }

  /** Draw the mesh as it is now; its vertices may have moved to another buffer. */
  follow(from: BufferGeometry, { index, faceCount, vertexCount }: SlotMesh): void {
    this.free();
    this.geometry = new BufferGeometry();
    for (const name of SHARED) this.geometry.setAttribute(name, from.getAttribute(name));
    this.geometry.boundingSphere = from.boundingSphere;
    this.geometry.setIndex(new BufferAttribute(uniqueEdges(index, faceCount, vertexCount), 1));
    this.lines.geometry = this.geometry;
  }

  close(): void {
    this.free();
    this.material.dispose();
    this.lines.removeFromParent();
  }

  private free(): void {
    for (const name of SHARED) this.geometry.deleteAttribute(name);
    this.geometry.dispose();
  }
}
