// One mesh for all views of a viewer on this page: its slots and its tree are held once.
//
// Rules owned here:
// - Views of one viewer get the same messages in the same order. The first to handle one changes the
//   slots, the others are told what changed, for their own buffers on the graphics card.
// - When the last view lets it go, its memory is given back at once: a case that is closed leaves
//   nothing of a scan behind.
// - A view that comes later is sent the mesh again by Python; it takes the one that is here where that
//   is the same and shows no preview.
import { Picking } from "./picking.ts";
import type { Change, Delta, SlotMesh } from "./slots.ts";

/** A change that stays, one that is shown to be judged, or the end of that. */
export type How = "keep" | "preview" | "drop";

/** A mesh and who shows it. */
export class SharedMesh {
  readonly picking: Picking;
  private users = 0;
  private readonly done = new Map<string, Change>(); // by message, the last two

  private previews = false;

  constructor(readonly slots: SlotMesh, private readonly seq = 0, private readonly forget: () => void = () => undefined) {
    this.picking = new Picking(slots);
  }

  /** What tells whether a message brings the same mesh: which one it came with, and what became of it. */
  get state(): { vertexCount: number; faceCount: number; aliveCount: number; seq: number; previews: boolean } {
    const { vertexCount, faceCount, aliveCount } = this.slots;
    return { vertexCount, faceCount, aliveCount, seq: this.seq, previews: this.previews };
  }

  enter(): this {
    this.users++;
    return this;
  }

  leave(): void {
    if (--this.users) return;
    this.picking.close();
    this.slots.free();
    this.done.clear();
    this.forget();
  }

  /** Change the slots; once for each key, which names the message and what it asks for. */
  apply(delta: Delta, key: string, how: How): Change {
    let change = this.done.get(key);
    if (change) return change;
    this.previews = how === "preview";
    change = this.slots.apply(delta);
    this.picking.changed(change);
    if (this.users > 1) this.done.set(key, change);
    for (const old of [...this.done.keys()].slice(0, -2)) this.done.delete(old);
    return change;
  }
}

const SHARED = new WeakMap<object, Map<string, SharedMesh>>(); // by viewer, by layer

/** The mesh of a layer as this message has it: one that is held here, or a new one. */
export function sharedMesh(
  viewer: object, layer: string, seq: number, isSame: (held: SharedMesh["state"]) => boolean, make: () => SlotMesh,
): SharedMesh {
  let held = SHARED.get(viewer);
  if (!held) SHARED.set(viewer, (held = new Map()));
  const known = held.get(layer), meshes = held;
  if (known && isSame(known.state)) return known;
  const made: SharedMesh = new SharedMesh(make(), seq, () => {
    if (meshes.get(layer) === made) meshes.delete(layer);
  });
  meshes.set(layer, made);
  return made;
}
