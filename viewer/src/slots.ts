// A mesh in stable slots: face slot f is the same face for ever, here and in Python.
//
// Rules owned here:
// - `index` is drawn and picked alike; a dead slot has three equal corners there, and the two it lost
//   are kept beside. Nothing is renumbered, so a delta costs what it touches.
// - `apply` returns its own inverse, so a preview is dropped by the same code that undoes.
// - Arrays grow by half when they are full; what is beyond the counts is never read. What is needed
//   for a moment is given back at once (see scratch.ts).
import { release } from "./scratch.ts";
import { shadeAll, shadeSome } from "./shades.ts";

export interface Delta {
  removed: Uint32Array;
  revived: Uint32Array;
  vertexCount: number | null;
  faceCount: number | null;
  vertices: Float32Array;
  faces: Uint32Array;
  colours: Uint8Array | null;
  moved: Uint32Array;
  movedTo: Float32Array;
}

/** What a delta changed, for the buffers on the graphics card. */
export interface Change {
  grown: boolean; // the arrays were replaced by larger ones
  slots: Uint32Array; // ascending
  vertices: Uint32Array; // ascending; position or shade is new
  added: Uint32Array; // slots that are alive now and were not
  movedFaces: Uint32Array; // slots around moved vertices
  inverse: Delta;
}

const NONE = new Uint32Array(0);
const CORNER = 2 ** 26; // two numbers of vertices, below 67 million, in one of 53 bits

export function emptyDelta(): Delta {
  return {
    removed: NONE, revived: NONE, vertexCount: null, faceCount: null, vertices: new Float32Array(0),
    faces: NONE, colours: null, moved: NONE, movedTo: new Float32Array(0),
  };
}

export class SlotMesh {
  vertexCount: number;
  faceCount: number;
  aliveCount: number;
  positions: Float32Array;
  colours: Uint8Array | null; // red, green, blue, unused: aligned for the graphics card
  index: Uint32Array; // three corners per slot
  alive: Uint8Array;
  shades: Int16Array; // unit normal and cavity per vertex
  private readonly lost = new Map<number, number>(); // second and third corner of dead slots, as one number

  constructor(vertices: Float32Array, faces: Uint32Array, colours: Uint8Array | null = null, dead: Uint32Array = NONE) {
    this.vertexCount = vertices.length / 3;
    this.faceCount = faces.length / 3;
    const vertexRoom = roomFor(this.vertexCount), faceRoom = roomFor(this.faceCount);
    this.positions = enlarged(vertices, 3 * vertexRoom);
    this.index = enlarged(faces, 3 * faceRoom);
    this.colours = colours && withFourth(colours, 4 * vertexRoom);
    this.alive = new Uint8Array(faceRoom).fill(1, 0, this.faceCount);
    for (const slot of dead) this.kill(slot);
    this.aliveCount = this.faceCount - dead.length;
    this.shades = new Int16Array(4 * vertexRoom);
    shadeAll(this.positions, this.index, this.faceCount, this.vertexCount, this.shades);
  }

  apply(delta: Delta): Change {
    const inverse: Delta = { ...emptyDelta(), vertexCount: this.vertexCount, faceCount: this.faceCount };
    const slots = new Set<number>(), vertices = new Set<number>();
    const touch = (slot: number) => {
      slots.add(slot);
      for (let k = 0; k < 3; k++) vertices.add(this.index[3 * slot + k]);
    };
    // Slots above the counts are cut off first: an undo gives them back to the next step.
    if (delta.faceCount !== null && delta.faceCount < this.faceCount) {
      for (let slot = delta.faceCount; slot < this.faceCount; slot++) {
        touch(slot);
        if (this.alive[slot]) this.drop(slot);
        this.lost.delete(slot);
      }
      this.faceCount = delta.faceCount;
    }
    if (delta.vertexCount !== null && delta.vertexCount < this.vertexCount) {
      this.vertexCount = delta.vertexCount;
    }
    const died: number[] = [], revived: number[] = [], added: number[] = [];
    for (const slot of delta.removed) {
      if (slot >= this.faceCount || !this.alive[slot]) continue;
      touch(slot);
      this.drop(slot);
      died.push(slot);
    }
    const from = new Float32Array(3 * delta.moved.length);
    const movedFaces = delta.moved.length ? this.facesAround(delta.moved) : NONE;
    if (delta.moved.length) {
      for (let i = 0; i < delta.moved.length; i++) {
        for (let k = 0; k < 3; k++) {
          from[3 * i + k] = this.positions[3 * delta.moved[i] + k];
          this.positions[3 * delta.moved[i] + k] = delta.movedTo[3 * i + k];
        }
        vertices.add(delta.moved[i]);
      }
      for (const slot of movedFaces) for (let k = 0; k < 3; k++) vertices.add(this.index[3 * slot + k]);
    }
    for (const slot of delta.revived) {
      if (slot >= this.faceCount || this.alive[slot]) continue;
      this.raise(slot);
      touch(slot);
      revived.push(slot);
      added.push(slot);
    }
    const grown = this.append(delta, vertices, touch, added);
    const touched = sorted(vertices, this.vertexCount);
    shadeSome(this.positions, this.index, this.faceCount, touched, this.shades, this.vertexCount);
    Object.assign(inverse, {
      removed: Uint32Array.from(revived), revived: Uint32Array.from(died), moved: delta.moved, movedTo: from,
    });
    return {
      grown, slots: sorted(slots, Infinity), vertices: touched, added: Uint32Array.from(added), movedFaces, inverse,
    };
  }

  /** Slots alive with a corner among the vertices. */
  facesAround(vertices: Uint32Array): Uint32Array {
    const mask = new Uint8Array(this.vertexCount);
    for (const vertex of vertices) mask[vertex] = 1;
    const found = this.facesWith(mask);
    release(mask);
    return found;
  }

  facesWith(mask: Uint8Array): Uint32Array {
    const found: number[] = [], faces = this.index;
    for (let slot = 0, at = 0; slot < this.faceCount; slot++, at += 3) {
      if (this.alive[slot] && (mask[faces[at]] || mask[faces[at + 1]] || mask[faces[at + 2]])) found.push(slot);
    }
    return Uint32Array.from(found);
  }

  centre(slot: number): [number, number, number] {
    const sum: [number, number, number] = [0, 0, 0];
    for (let k = 0; k < 3; k++) {
      for (let axis = 0; axis < 3; axis++) sum[axis] += this.positions[3 * this.index[3 * slot + k] + axis] / 3;
    }
    return sum;
  }

  /** Give every array back: nothing of the mesh is left in the page's memory. */
  free(): void {
    for (const array of [this.positions, this.index, this.alive, this.shades, this.colours]) if (array) release(array);
    this.vertexCount = this.faceCount = this.aliveCount = 0;
    this.lost.clear();
  }

  /** Do something, such as building a tree, while dead slots have their corners. */
  withDead(work: () => void): void {
    for (const slot of this.lost.keys()) this.unearth(slot);
    work();
    for (const slot of this.lost.keys()) this.bury(slot);
  }

  private append(delta: Delta, vertices: Set<number>, touch: (slot: number) => void, added: number[]): boolean {
    const moreVertices = delta.vertices.length / 3, moreFaces = delta.faces.length / 3;
    const grown = this.makeRoom(this.vertexCount + moreVertices, this.faceCount + moreFaces);
    const start = this.vertexCount;
    this.positions.set(delta.vertices, 3 * start);
    if (this.colours) {
      for (let i = 0; i < moreVertices; i++) {
        for (let k = 0; k < 3; k++) this.colours[4 * (start + i) + k] = delta.colours ? delta.colours[3 * i + k] : 200;
      }
    }
    this.vertexCount += moreVertices;
    for (let i = start; i < this.vertexCount; i++) vertices.add(i);
    this.index.set(delta.faces, 3 * this.faceCount);
    for (let i = 0; i < moreFaces; i++) {
      const slot = this.faceCount++;
      this.alive[slot] = 1;
      this.aliveCount++;
      touch(slot);
      added.push(slot);
    }
    return grown;
  }

  private makeRoom(vertexCount: number, faceCount: number): boolean {
    const vertexRoom = this.positions.length / 3, faceRoom = this.index.length / 3;
    if (vertexCount > vertexRoom) {
      const room = Math.max(vertexCount, Math.ceil(vertexRoom * 1.5));
      this.positions = moved(this.positions, 3 * room);
      this.shades = moved(this.shades, 4 * room);
      this.colours = this.colours && moved(this.colours, 4 * room);
    }
    if (faceCount > faceRoom) {
      const room = Math.max(faceCount, Math.ceil(faceRoom * 1.5));
      this.index = moved(this.index, 3 * room);
      this.alive = moved(this.alive, room);
    }
    return vertexCount > vertexRoom || faceCount > faceRoom;
  }

  private drop(slot: number): void {
    this.kill(slot);
    this.aliveCount--;
  }

  private kill(slot: number): void {
    this.alive[slot] = 0;
    this.lost.set(slot, this.index[3 * slot + 1] * CORNER + this.index[3 * slot + 2]);
    this.bury(slot);
  }

  private raise(slot: number): void {
    this.alive[slot] = 1;
    this.unearth(slot);
    this.lost.delete(slot);
    this.aliveCount++;
  }

  private bury(slot: number): void {
    this.index[3 * slot + 1] = this.index[3 * slot + 2] = this.index[3 * slot];
  }

  private unearth(slot: number): void {
    const both = this.lost.get(slot)!;
    this.index[3 * slot + 1] = Math.floor(both / CORNER);
    this.index[3 * slot + 2] = both % CORNER;
  }
}

/** Half-open ranges that cover the ascending numbers, joined over gaps of up to `gap`. */
export function rangesOf(numbers: ArrayLike<number>, gap = 0): [number, number][] {
  const ranges: [number, number][] = [];
  for (let i = 0; i < numbers.length; i++) {
    const last = ranges[ranges.length - 1];
    if (last && numbers[i] <= last[1] + gap) last[1] = numbers[i] + 1;
    else ranges.push([numbers[i], numbers[i] + 1]);
  }
  return ranges;
}

function roomFor(count: number): number {
  return Math.ceil(count * 1.08) + 2048;
}

function sorted(numbers: Set<number>, below: number): Uint32Array {
  return Uint32Array.from(numbers).filter((number) => number < below).sort();
}

function enlarged<T extends Float32Array | Uint32Array | Uint8Array | Int16Array>(array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(length);
  larger.set(array);
  return larger;
}

/** The same in a larger array; the old one is given back. */
function moved<T extends Float32Array | Uint32Array | Uint8Array | Int16Array>(array: T, length: number): T {
  const larger = enlarged(array, length);
  release(array);
  return larger;
}

function withFourth(colours: Uint8Array, length: number): Uint8Array {
  const wide = new Uint8Array(length);
  for (let i = 0, j = 0; i < colours.length; i += 3, j += 4) {
    wide[j] = colours[i];
    wide[j + 1] = colours[i + 1];
    wide[j + 2] = colours[i + 2];
  }
  return wide;
}
