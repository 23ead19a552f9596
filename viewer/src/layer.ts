// One mesh on the screen: its slots, its buffers on the graphics card, its tree and its overlays.
//
// Rules owned here:
// - A delta uploads what it touched, as ranges; only growth replaces the buffers.
// - Overlays (selection, preview, edits) draw some slots again, a little in front, with the same
//   vertices; they hold an index of their own and nothing else.
import { Box3, BufferAttribute, BufferGeometry, DynamicDrawUsage, Group, Mesh, Sphere, type ShaderMaterial } from "three";
import { plainColour, STONE, surfaceMaterial, useAmounts, type Look } from "./material.ts";
import { Overlay, Wires } from "./layer_overlays.ts";
import type { Picking } from "./picking.ts";
import { release } from "./scratch.ts";
import type { How, SharedMesh } from "./shared_meshes.ts";
import { rangesOf, type Change, type Delta, type SlotMesh } from "./slots.ts";

const GAP = 256; // an upload of a few kB costs less than another call

export class Layer {
  readonly group = new Group();
  readonly material = surfaceMaterial();
  readonly slots: SlotMesh;
  readonly picking: Picking;
  readonly box = new Box3();
  private readonly sphere = new Sphere();
  readonly overlays = new Map<string, Overlay>();
  private geometry = new BufferGeometry();
  private readonly mesh: Mesh;
  private ownColour = STONE;
  private amounts: Float32Array | null = null;
  private wires: Wires | null = null;

  constructor(
    readonly name: string,
    private readonly shared: SharedMesh,
    readonly options: { title: string; editable: boolean },
  ) {
    ({ slots: this.slots, picking: this.picking } = shared.enter());
    this.attach();
    this.mesh = new Mesh(this.geometry, this.material);
    this.mesh.frustumCulled = false;
    this.group.add(this.mesh);
    this.measureBox();
  }

  get hasColours(): boolean {
    return this.slots.colours !== null;
  }

  /** Change the mesh; `key` names the message, which other views of the same mesh get too. */
  apply(delta: Delta, key: string, how: How): Change {
    const change = this.shared.apply(delta, key, how);
    if (change.grown) {
      this.geometry.dispose();
      this.geometry = new BufferGeometry();
      this.attach();
      this.mesh.geometry = this.geometry;
      for (const overlay of this.overlays.values()) overlay.attach(this.geometry);
    } else {
      this.upload(change);
    }
    this.geometry.setDrawRange(0, 3 * this.slots.faceCount);
    this.wires?.follow(this.geometry, this.slots);
    this.measureBox();
    return change;
  }

  /** Of its surface, where the scan's own colours are not shown. */
  get colour(): number {
    return this.ownColour;
  }

  setColour(hex: number): void {
    this.ownColour = hex;
    this.material.uniforms.surface.value = plainColour(hex);
  }

  showColours(shown: boolean): void {
    this.material.uniforms.usesTint.value = shown && this.hasColours ? 1 : 0;
  }

  /** Values per vertex; null takes the map away. */
  setAmounts(values: Float32Array | null, low: number, high: number): void {
    if (this.amounts) release(this.amounts);
    this.amounts = values && padded(values, this.slots.positions.length / 3);
    if (this.amounts) this.geometry.setAttribute("amount", new BufferAttribute(this.amounts, 1));
    else this.geometry.deleteAttribute("amount");
    this.material.uniforms.amountRange.value = [low, high];
    this.showAmounts(values !== null);
  }

  showAmounts(shown: boolean): void {
    useAmounts(this.material, shown && this.amounts !== null);
  }

  amountAt(vertex: number): number | null {
    return this.amounts && vertex < this.amounts.length ? this.amounts[vertex] : null;
  }

  setOpacity(opacity: number): void {
    this.material.uniforms.opacity.value = opacity;
    this.material.transparent = opacity < 1;
    this.material.depthWrite = opacity >= 1;
    this.material.forceSinglePass = opacity >= 1; // else backs first, fronts over them
    this.material.needsUpdate = true;
  }

  showWires(shown: boolean): void {
    if (shown === (this.wires !== null)) return;
    this.wires?.close();
    this.wires = shown ? new Wires() : null;
    this.wires?.follow(this.geometry, this.slots);
    if (this.wires) this.group.add(this.wires.lines);
  }

  /** Draw some slots again in another look; an empty list takes the overlay away. */
  showOverlay(name: string, slots: ArrayLike<number>, look: Look = {}): void {
    let overlay = this.overlays.get(name);
    if (!slots.length) {
      overlay?.close();
      if (overlay) this.group.remove(overlay.mesh);
      this.overlays.delete(name);
      return;
    }
    if (!overlay) {
      overlay = new Overlay({ inFront: 2, ...look });
      overlay.attach(this.geometry);
      this.overlays.set(name, overlay);
      this.group.add(overlay.mesh);
    }
    overlay.show(slots, this.slots.index);
  }

  forMaterials(work: (material: ShaderMaterial) => void): void {
    work(this.material);
    if (this.wires) work(this.wires.material);
    for (const overlay of this.overlays.values()) work(overlay.material);
  }

  close(): void {
    this.shared.leave();
    if (this.amounts) release(this.amounts);
    for (const overlay of this.overlays.values()) overlay.close();
    this.showWires(false);
    this.geometry.dispose();
    this.material.dispose();
    this.group.removeFromParent();
  }

  private attach(): void {
    const { positions, shades, colours, index } = this.slots;
    this.geometry.setAttribute("position", new BufferAttribute(positions, 3).setUsage(DynamicDrawUsage));
    this.geometry.setAttribute("shade", new BufferAttribute(shades, 4, true).setUsage(DynamicDrawUsage));
    if (colours) this.geometry.setAttribute("tint", new BufferAttribute(colours, 4, true).setUsage(DynamicDrawUsage));
    this.geometry.setIndex(new BufferAttribute(index, 1).setUsage(DynamicDrawUsage));
    this.geometry.setDrawRange(0, 3 * this.slots.faceCount);
    this.geometry.boundingSphere = this.sphere; // else three.js looks at every vertex to sort a few layers
    if (this.amounts) {
      const known = this.amounts;
      this.amounts = padded(known, positions.length / 3);
      release(known);
      this.geometry.setAttribute("amount", new BufferAttribute(this.amounts, 1));
    }
  }

  private upload(change: Change): void {
    for (const [name, width] of [["position", 3], ["shade", 4], ["tint", 4]] as const) {
      const attribute = this.geometry.getAttribute(name) as BufferAttribute | undefined;
      if (attribute) mark(attribute, change.vertices, width);
    }
    mark(this.geometry.index!, change.slots, 3);
  }

  private measureBox(): void {
    const { positions, vertexCount } = this.slots;
    const { min, max } = this.box.makeEmpty();
    for (let i = 0; i < 3 * vertexCount; i += 3) {
      const x = positions[i], y = positions[i + 1], z = positions[i + 2];
      if (x < min.x) min.x = x;
      if (x > max.x) max.x = x;
      if (y < min.y) min.y = y;
      if (y > max.y) max.y = y;
      if (z < min.z) min.z = z;
      if (z > max.z) max.z = z;
    }
    this.box.getBoundingSphere(this.sphere);
  }
}

function mark(attribute: BufferAttribute, numbers: Uint32Array, width: number): void {
  if (!numbers.length) return;
  const ranges = rangesOf(numbers, GAP);
  if (ranges.length > 400) attribute.addUpdateRange(0, attribute.array.length);
  else for (const [start, stop] of ranges) attribute.addUpdateRange(start * width, (stop - start) * width);
  attribute.needsUpdate = true;
}

function padded(values: Float32Array, length: number): Float32Array {
  const wide = new Float32Array(length).fill(NaN);
  wide.set(values.subarray(0, length));
  return wide;
}
