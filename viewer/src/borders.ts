// Edges of a mesh: those of the wire frame, the open ones, and the loops these form, where a hole can
// be clicked.
//
// Rules owned here:
// - An edge is open when one living face has it. Edges run as their face does, so that the first
//   vertex is the one Python names first.
// - The longest loop of a piece is its border; the others are holes.

import { release } from "./scratch.ts";

export interface Borders {
  edges: Uint32Array; // from, to, from, to ...
  loopOf: Int32Array; // loop of each edge
  loops: Uint32Array[]; // vertices of each loop, in order
}

const MANY = 48; // entries at one vertex; more are sorted before they are compared

/** The edges of living faces by their smaller vertex. */
interface Buckets {
  start: Uint32Array;
  other: Uint32Array; // larger vertex, and in bit 31 whether it is first
}

function bucketsOf(index: Uint32Array, faceCount: number, vertexCount: number): Buckets {
  const start = new Uint32Array(vertexCount + 1);
  const corners = 3 * faceCount;
  for (let at = 0; at < corners; at += 3) {
    const a = index[at], b = index[at + 1], c = index[at + 2];
    if (a === b) continue;
    start[(a < b ? a : b) + 1]++;
    start[(b < c ? b : c) + 1]++;
    start[(c < a ? c : a) + 1]++;
  }
  for (let vertex = 0; vertex < vertexCount; vertex++) start[vertex + 1] += start[vertex];
  const other = new Uint32Array(start[vertexCount]);
  const next = start.slice();
  const add = (from: number, to: number) => {
    if (from < to) other[next[from]++] = to;
    else other[next[to]++] = (from | 0x80000000) >>> 0;
  };
  for (let at = 0; at < corners; at += 3) {
    const a = index[at], b = index[at + 1], c = index[at + 2];
    if (a === b) continue;
    add(a, b);
    add(b, c);
    add(c, a);
  }
  release(next);
  return { start, other };
}

/** Every edge once, as two vertices each. */
export function uniqueEdges(index: Uint32Array, faceCount: number, vertexCount: number): Uint32Array {
  const { start, other } = bucketsOf(index, faceCount, vertexCount);
  let count = 0;
  for (let vertex = 0; vertex < vertexCount; vertex++) {
    const bucket = other.subarray(start[vertex], start[vertex + 1]);
    for (let i = 0; i < bucket.length; i++) bucket[i] &= 0x7fffffff;
    bucket.sort();
    for (let i = 0; i < bucket.length; i++) if (!i || bucket[i] !== bucket[i - 1]) count++;
  }
  const edges = new Uint32Array(2 * count);
  for (let vertex = 0, at = 0; vertex < vertexCount; vertex++) {
    for (let i = start[vertex]; i < start[vertex + 1]; i++) {
      if (i > start[vertex] && other[i] === other[i - 1]) continue;
      edges[at++] = vertex;
      edges[at++] = other[i];
    }
  }
  release(start);
  release(other);
  return edges;
}

export function openEdges(index: Uint32Array, faceCount: number, vertexCount: number): Uint32Array {
  const { start, other } = bucketsOf(index, faceCount, vertexCount);
  const open: number[] = [];
  for (let vertex = 0; vertex < vertexCount; vertex++) {
    const first = start[vertex], last = start[vertex + 1];
    if (last - first > MANY) {
      const bucket = Array.from(other.subarray(first, last)).sort((p, q) => (p & 0x7fffffff) - (q & 0x7fffffff));
      bucket.forEach((entry, i) => {
        const id = entry & 0x7fffffff;
        const paired = (i > 0 && (bucket[i - 1] & 0x7fffffff) === id) ||
          (i + 1 < bucket.length && (bucket[i + 1] & 0x7fffffff) === id);
        if (!paired) pushEdge(open, vertex, entry);
      });
      continue;
    }
    for (let i = first; i < last; i++) {
      const id = other[i] & 0x7fffffff;
      let uses = 0;
      for (let j = first; j < last; j++) if ((other[j] & 0x7fffffff) === id) uses++;
      if (uses === 1) pushEdge(open, vertex, other[i]);
    }
  }
  release(start);
  release(other);
  return Uint32Array.from(open);
}

function pushEdge(open: number[], vertex: number, entry: number): void {
  if (entry & 0x80000000) open.push(entry & 0x7fffffff, vertex);
  else open.push(vertex, entry);
}

/** Join open edges to loops; at a vertex with two ways on, the first one not used is taken. */
export function joinLoops(edges: Uint32Array): Borders {
  const count = edges.length / 2;
  const leaving = new Map<number, number[]>();
  for (let edge = 0; edge < count; edge++) {
    const list = leaving.get(edges[2 * edge]);
    if (list) list.push(edge);
    else leaving.set(edges[2 * edge], [edge]);
  }
  const loopOf = new Int32Array(count).fill(-1), loops: Uint32Array[] = [];
  for (let first = 0; first < count; first++) {
    if (loopOf[first] >= 0) continue;
    const vertices: number[] = [];
    let edge: number | undefined = first;
    while (edge !== undefined && loopOf[edge] < 0) {
      loopOf[edge] = loops.length;
      vertices.push(edges[2 * edge]);
      edge = leaving.get(edges[2 * edge + 1])?.find((one) => loopOf[one] < 0);
    }
    loops.push(Uint32Array.from(vertices));
  }
  return { edges, loopOf, loops };
}

export function findBorders(index: Uint32Array, faceCount: number, vertexCount: number): Borders {
  return joinLoops(openEdges(index, faceCount, vertexCount));
}

/** Length around a loop in mm. */
export function rimLength(loop: Uint32Array, positions: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < loop.length; i++) {
    const a = 3 * loop[i], b = 3 * loop[(i + 1) % loop.length];
    sum += Math.hypot(positions[a] - positions[b], positions[a + 1] - positions[b + 1], positions[a + 2] - positions[b + 2]);
  }
  return sum;
}
