// Which hole is meant by a place of the canvas.
//
// Rules owned here:
// - The nearest open edge within a few pixels wins if the surface does not hide it: thin, curved
//   holes are hard to hit exactly.
// - Else the smallest hole around the pointer, if what lies under the pointer is behind it.
import { Vector3 } from "three";
import type { App } from "./app.ts";
import { findBorders, rimLength, type Borders } from "./borders.ts";
import { areaOf, distanceToSegment, isInside, type Pixel } from "./drawn_shapes.ts";
import type { Layer } from "./layer.ts";

const SNAP_PIXELS = 15;
const TRIES = 6;

export interface Rim {
  layer: Layer;
  loop: Uint32Array;
  edges: Uint32Array; // from, to of each edge of the loop
  edge: [number, number];
  rim_mm: number;
}

interface Known extends Borders {
  lengths: number[];
  longest: number;
}

export class Rims {
  private readonly known = new WeakMap<Layer, Known>();

  constructor(private readonly app: App) {}

  forget(layer: Layer): void {
    this.known.delete(layer);
  }

  of(layer: Layer): Known {
    let found = this.known.get(layer);
    if (!found) {
      const { index, faceCount, vertexCount, positions } = layer.slots;
      const borders = findBorders(index, faceCount, vertexCount);
      const lengths = borders.loops.map((loop) => rimLength(loop, positions));
      found = { ...borders, lengths, longest: lengths.indexOf(Math.max(...lengths)) };
      this.known.set(layer, found);
    }
    return found;
  }

  /** The open edge of a loop that Python is told; any edge of it names the loop. */
  edgeOf(layer: Layer, loop: number[]): [number, number] | null {
    const { edges } = this.of(layer), members = new Set(loop);
    for (let i = 0; i < edges.length; i += 2) {
      if (members.has(edges[i]) && members.has(edges[i + 1])) return [edges[i], edges[i + 1]];
    }
    return null;
  }

  near(x: number, y: number, { borders = false } = {}): Rim | null {
    for (const layer of this.app.stage.layers.values()) {
      if (!layer.group.visible || !layer.options.editable) continue;
      const rim = this.nearOn(layer, x, y, borders);
      if (rim) return rim;
    }
    return null;
  }

  private nearOn(layer: Layer, x: number, y: number, borders: boolean): Rim | null {
    const known = this.of(layer), { positions } = layer.slots, { stage } = this.app;
    const place = new Vector3(), seen = new Map<number, Pixel>();
    const pixel = (vertex: number): Pixel => {
      let at = seen.get(vertex);
      if (!at) {
        const on = stage.project(place.fromArray(positions, 3 * vertex));
        seen.set(vertex, (at = [on.x, on.y]));
      }
      return at;
    };
    const rim = (edge: number): Rim => ({
      layer,
      loop: known.loops[known.loopOf[edge]],
      edges: known.edges.filter((_, i) => known.loopOf[i >> 1] === known.loopOf[edge]),
      edge: [known.edges[2 * edge], known.edges[2 * edge + 1]],
      rim_mm: known.lengths[known.loopOf[edge]],
    });
    const close: [number, number][] = [];
    for (let edge = 0; edge < known.loopOf.length; edge++) {
      const away = distanceToSegment(x, y, pixel(known.edges[2 * edge]), pixel(known.edges[2 * edge + 1]));
      if (away < SNAP_PIXELS) close.push([away, edge]);
    }
    close.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    for (const [, edge] of close.slice(0, TRIES)) {
      place.fromArray(positions, 3 * known.edges[2 * edge]);
      if (stage.isKept(place) && stage.isVisible(place.clone(), 0.4)) return rim(edge);
    }
    let best = -1, least = Infinity;
    known.loops.forEach((loop, i) => {
      if ((i === known.longest && !borders) || loop.length < 3) return;
      const polygon = Array.from(loop, pixel);
      if (!isInside(x, y, polygon)) return;
      const area = areaOf(polygon);
      if (area < least && this.isInFront(layer, loop, x, y)) [best, least] = [i, area];
    });
    return best < 0 ? null : rim(known.loopOf.indexOf(best));
  }

  /** True where the hole lies before whatever is under the pointer. */
  private isInFront(layer: Layer, loop: Uint32Array, x: number, y: number): boolean {
    const hit = this.app.stage.pick(x, y);
    if (!hit) return true;
    const toward = this.app.stage.view.axis(0, 0, 1), place = new Vector3();
    let nearest = -Infinity;
    for (const vertex of loop) nearest = Math.max(nearest, place.fromArray(layer.slots.positions, 3 * vertex).dot(toward));
    const deepest = Array.from(loop).reduce((low, vertex) => Math.min(low, place.fromArray(layer.slots.positions, 3 * vertex).dot(toward)), Infinity);
    return hit.place.dot(toward) < (nearest + deepest) / 2;
  }
}
