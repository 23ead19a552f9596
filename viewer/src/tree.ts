// The bounding tree over a range of slots, built with little memory beside what it keeps.
//
// Rules owned here:
// - The nodes are those of three-mesh-bvh, which searches them; only its building is done here: it would
//   put aside 88 bytes a face (boxes, and nodes for leaves of one face each), this 20, given back at once.
// - A node is split in the middle of the longest side of its faces' middles; where that parts nothing,
//   in two halves. Same slots, same tree.
import type { BufferGeometry } from "three";
import { MeshBVH } from "three-mesh-bvh";
import { release } from "./scratch.ts";
import type { SlotMesh } from "./slots.ts";

const LEAF = 10; // faces
const DEEPEST = 40; // below it halves only
export const WORDS = 8; // of 4 bytes a node: low, high (x, y, z), way to the right child or first face, axis or count
export const LEAF_MARK = 0xffff0000; // with the count of faces, where others have the axis
const SLACK_MM = 1e-5; // a flat box is met too

export function buildTree(geometry: BufferGeometry, mesh: SlotMesh, start: number, count: number): MeshBVH {
  const building = new Building(mesh, start, count);
  building.split(0, count, 0);
  const roots = [building.finished()];
  return MeshBVH.deserialize(
    { version: 1, roots, index: null, indirectBuffer: building.order } as unknown as Parameters<typeof MeshBVH.deserialize>[0],
    geometry, { setIndex: false, indirect: true } as Parameters<typeof MeshBVH.deserialize>[2],
  );
}

/** The nodes of a tree and the slots in its leaves, as `buildTree` wrote them. */
export function nodesOf(tree: MeshBVH): { boxes: Float32Array; words: Uint32Array; order: Uint32Array } {
  const { roots: [nodes], indirectBuffer } = MeshBVH.serialize(tree, { cloneBuffers: false });
  return { boxes: new Float32Array(nodes), words: new Uint32Array(nodes), order: indirectBuffer as Uint32Array };
}

/** Give the memory of a tree back that is not asked any more. */
export function releaseTree(tree: MeshBVH): void {
  const { roots, indirectBuffer } = MeshBVH.serialize(tree, { cloneBuffers: false });
  for (const root of roots) release(root);
  if (indirectBuffer) release(indirectBuffer);
}

class Building {
  readonly order: Uint32Array; // slots, as the leaves name them
  private readonly middles: Float32Array;
  private boxes: Float32Array;
  private words: Uint32Array; // over the same memory
  private used = 0;

  constructor(private readonly mesh: SlotMesh, start: number, count: number) {
    const { positions, index } = mesh;
    this.order = new Uint32Array(count);
    this.middles = new Float32Array(3 * count);
    for (let i = 0; i < count; i++) {
      const slot = this.order[i] = start + i;
      const a = 3 * index[3 * slot], b = 3 * index[3 * slot + 1], c = 3 * index[3 * slot + 2];
      for (let k = 0; k < 3; k++) this.middles[3 * i + k] = positions[a + k] + positions[b + k] + positions[c + k];
    }
    this.boxes = new Float32Array(WORDS * (Math.ceil(count / 3) + 16));
    this.words = new Uint32Array(this.boxes.buffer);
  }

  /** Write the node of some faces of `order` and everything below it; return its number. */
  split(first: number, count: number, depth: number): number {
    const node = this.used++;
    if (WORDS * this.used > this.words.length) this.grow();
    if (count <= LEAF) {
      this.boxOfFaces(node, first, count);
      this.words[WORDS * node + 6] = first;
      this.words[WORDS * node + 7] = LEAF_MARK | count;
      return node;
    }
    const [axis, middle] = this.longest(first, count);
    let right = depth < DEEPEST ? this.partition(first, count, axis, middle) : first;
    if (right === first || right === first + count) right = first + (count >> 1);
    const low = this.split(first, right - first, depth + 1);
    const high = this.split(right, first + count - right, depth + 1);
    const { boxes } = this, at = WORDS * node, a = WORDS * low, b = WORDS * high;
    for (let k = 0; k < 3; k++) {
      boxes[at + k] = boxes[a + k] < boxes[b + k] ? boxes[a + k] : boxes[b + k];
      boxes[at + k + 3] = boxes[a + k + 3] > boxes[b + k + 3] ? boxes[a + k + 3] : boxes[b + k + 3];
    }
    this.words[at + 6] = high - node;
    this.words[at + 7] = axis;
    return node;
  }

  /** The nodes, without room to spare; what else was needed is given back. */
  finished(): ArrayBuffer {
    const nodes = this.boxes.slice(0, WORDS * this.used).buffer;
    release(this.boxes);
    release(this.middles);
    return nodes as ArrayBuffer;
  }

  private longest(first: number, count: number): [number, number] {
    const { middles } = this;
    let axis = 0, middle = 0, length = -1;
    for (let k = 0; k < 3; k++) {
      let low = Infinity, high = -Infinity;
      for (let at = 3 * first + k, end = 3 * (first + count); at < end; at += 3) {
        const value = middles[at];
        if (value < low) low = value;
        if (value > high) high = value;
      }
      if (high - low > length) [axis, middle, length] = [k, (low + high) / 2, high - low];
    }
    return [axis, middle];
  }

  /** Faces below the middle first; return where the others begin. */
  private partition(first: number, count: number, axis: number, middle: number): number {
    const { middles, order } = this;
    let left = first, right = first + count - 1;
    for (;;) {
      while (left <= right && middles[3 * left + axis] < middle) left++;
      while (left <= right && middles[3 * right + axis] >= middle) right--;
      if (left >= right) return left;
      const slot = order[left];
      order[left] = order[right];
      order[right] = slot;
      for (let k = 0; k < 3; k++) {
        const value = middles[3 * left + k];
        middles[3 * left + k] = middles[3 * right + k];
        middles[3 * right + k] = value;
      }
      left++;
      right--;
    }
  }

  private boxOfFaces(node: number, first: number, count: number): void {
    const { boxes, order } = this, { positions, index } = this.mesh, at = WORDS * node;
    for (let k = 0; k < 3; k++) {
      let low = Infinity, high = -Infinity;
      for (let i = first; i < first + count; i++) {
        for (let corner = 3 * order[i], end = corner + 3; corner < end; corner++) {
          const value = positions[3 * index[corner] + k];
          if (value < low) low = value;
          if (value > high) high = value;
        }
      }
      boxes[at + k] = low - SLACK_MM;
      boxes[at + k + 3] = high + SLACK_MM;
    }
  }

  private grow(): void {
    const larger = new Float32Array(2 * this.boxes.length);
    larger.set(this.boxes);
    release(this.boxes);
    this.boxes = larger;
    this.words = new Uint32Array(larger.buffer);
  }
}
