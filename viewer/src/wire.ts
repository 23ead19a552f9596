// What crosses the wire between Python and this viewer: small JSON and raw buffers beside it.
//
// Rules owned here:
// - A mesh travels in the buffers of a custom message only, little-endian, never in a trait: traits
//   are saved into the notebook.
// - `to` names one view when only that view asked; others ignore the message.
import type { Delta } from "./slots.ts";

/** The part of anywidget's model that the viewer uses. */
export interface Model {
  get(name: string): unknown;
  on(event: string, callback: (...words: never[]) => void): void;
  off(event: string, callback?: (...words: never[]) => void): void;
  send(content: unknown, callbacks?: unknown, buffers?: (ArrayBuffer | ArrayBufferView)[]): void;
}

export type Triple = [number, number, number];
export type Range = [number, number];

export interface Finding {
  id: string;
  kind: string;
  place_mm: Triple;
  size_mm: number;
  severity: string;
  title: string;
  tooth: number | null;
  number: number | null; // of its place in a list that has an order of its own
  loop: number[] | null;
  faces: Range[] | null;
  layer: string;
}

export interface Message {
  type: string;
  to?: string;
  seq?: number;
  layer?: string;
  [name: string]: unknown;
}

export type Level = "info" | "warning" | "error";

/** A buffer as it arrives, in the type it was sent in; copied only where it is not aligned. */
function view<T>(
  buffer: DataView | ArrayBuffer, width: number, make: new (buffer: ArrayBuffer, start: number, length: number) => T,
): T {
  const raw = buffer instanceof ArrayBuffer ? new DataView(buffer) : buffer;
  const aligned = raw.byteOffset % width === 0;
  const bytes = aligned ? (raw.buffer as ArrayBuffer) : raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength) as ArrayBuffer;
  return new make(bytes, aligned ? raw.byteOffset : 0, Math.floor(raw.byteLength / width));
}

export const floats = (buffer: DataView | ArrayBuffer) => view(buffer, 4, Float32Array);
export const numbers = (buffer: DataView | ArrayBuffer) => view(buffer, 4, Uint32Array);
export const bytes = (buffer: DataView | ArrayBuffer) => view(buffer, 1, Uint8Array);

/** Buffers of a delta in their fixed order; an empty one stands for "none". */
export function readDelta(message: Message, buffers: DataView[]): Delta {
  const colours = bytes(buffers[4]);
  return {
    removed: numbers(buffers[0]),
    revived: numbers(buffers[1]),
    vertexCount: (message.vertex_count as number | null) ?? null,
    faceCount: (message.face_count as number | null) ?? null,
    vertices: floats(buffers[2]),
    faces: numbers(buffers[3]),
    colours: colours.length ? colours : null,
    moved: numbers(buffers[5]),
    movedTo: floats(buffers[6]),
  };
}

/** The slots that half-open ranges hold. */
export function slotsIn(ranges: Range[]): number[] {
  return ranges.flatMap(([start, stop]) => Array.from({ length: stop - start }, (_, i) => start + i));
}
