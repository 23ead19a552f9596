// The faces chosen, on one layer at a time.
import type { App } from "./app.ts";
import { grown, inverted, maskOf, shrunk, slotsOf, type FaceMask } from "./face_sets.ts";
import type { Layer } from "./layer.ts";

const COLOUR = 0xff8a1e;

export class Selection {
  layer: Layer | null = null;
  mask: FaceMask = new Uint8Array(0);
  slots: Uint32Array = new Uint32Array(0);
  through = false;

  constructor(private readonly app: App) {}

  get count(): number {
    return this.slots.length;
  }

  set(layer: Layer | null, mask: FaceMask, told = true): void {
    if (this.layer && this.layer !== layer) this.layer.showOverlay("selection", []);
    this.layer = layer;
    this.mask = mask;
    this.slots = layer ? slotsOf(mask) : new Uint32Array(0);
    layer?.showOverlay("selection", this.slots, { colour: COLOUR, inFront: 3 });
    this.app.stage.invalidate();
    if (told) this.tell();
  }

  /** Add to, take from or replace the set, as a lasso or brush does. */
  combine(layer: Layer, mask: FaceMask, how: "set" | "add" | "take", told = true): void {
    if (how === "set" || this.layer !== layer || this.mask.length !== mask.length) {
      if (how !== "take") this.set(layer, mask, told);
      return;
    }
    const both = new Uint8Array(mask.length);
    for (let i = 0; i < mask.length; i++) both[i] = how === "add" ? this.mask[i] | mask[i] : this.mask[i] & (1 - mask[i]);
    this.set(layer, both, told);
  }

  clear(told = true): void {
    if (this.count || this.layer) this.set(null, new Uint8Array(0), told);
  }

  grow(): void {
    if (this.layer) this.set(this.layer, grown(this.layer.slots, this.mask));
  }

  shrink(): void {
    if (this.layer) this.set(this.layer, shrunk(this.layer.slots, this.mask));
  }

  invert(): void {
    const layer = this.layer ?? this.app.active;
    if (layer) this.set(layer, inverted(layer.slots, this.layer ? this.mask : new Uint8Array(layer.slots.faceCount)));
  }

  /** After a delta: what died is no longer chosen. */
  follow(layer: Layer): void {
    if (this.layer === layer && this.count) this.set(layer, maskOf(layer.slots, this.slots.filter((slot) => slot < layer.slots.faceCount)), false);
  }

  tell(): void {
    this.app.announce(this.app.words("selected", { count: this.count.toLocaleString(this.app.language) }));
    this.app.send({ type: "select", layer: this.layer?.name ?? "", count: this.count }, [this.slots]);
    this.app.refresh();
  }
}
