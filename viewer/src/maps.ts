// Colour maps over a layer: deviation with its scale, edits by reason.
import type { App } from "./app.ts";
import { element } from "./fields.ts";
import type { Label } from "./labels.ts";
import type { Layer } from "./layer.ts";
import { deviationColour } from "./material.ts";

/** `EditReason` of stsbench.domain.edits: label and colour of each, as in the QA report. */
export const REASONS: [Label, number][] = [
  ["reason_none", 0xcccccc], ["reason_hole_fill", 0x0072b2], ["reason_spike", 0xd55e00], ["reason_fold", 0xcc79a7],
  ["reason_self_intersection", 0x009e73], ["reason_non_manifold_edge", 0xe69f00],
  ["reason_non_manifold_vertex", 0x56b4e9], ["reason_degenerate", 0xf0e442], ["reason_duplicate", 0x5a5a5a],
  ["reason_island", 0x6e3c14], ["reason_border_trim", 0xa06ebe], ["reason_smooth", 0xaac83c],
  ["reason_manual", 0x282878], ["reason_decimated", 0x78aaaa], ["reason_remeshed", 0x8cbe96],
];

interface Scale {
  low: number;
  high: number;
  unit: string;
  title: string;
}

export class Maps {
  showsDeviation = true;
  showsEdits = true;
  private readonly scales = new Map<Layer, Scale>();
  private readonly reasons = new Map<Layer, Uint8Array>();
  private readonly counts = new Map<Layer, Uint32Array>(); // of living faces, by reason

  constructor(private readonly app: App) {}

  get hasDeviation(): boolean {
    return this.scales.size > 0;
  }

  get hasEdits(): boolean {
    return this.reasons.size > 0;
  }

  setValues(layer: Layer, values: Float32Array | null, scale: Scale): void {
    if (values) this.scales.set(layer, scale);
    else this.scales.delete(layer);
    layer.setAmounts(values, scale.low, scale.high);
    layer.showAmounts(this.showsDeviation);
    this.app.stage.invalidate();
  }

  setEdits(layer: Layer, reasons: Uint8Array | null): void {
    if (reasons) this.reasons.set(layer, reasons.slice());
    else this.reasons.delete(layer);
    this.drawEdits(layer);
  }

  forget(layer: Layer): void {
    this.scales.delete(layer);
    this.reasons.delete(layer);
    this.counts.delete(layer);
  }

  toggleDeviation(): void {
    this.showsDeviation = !this.showsDeviation;
    for (const layer of this.scales.keys()) layer.showAmounts(this.showsDeviation);
    this.app.stage.invalidate();
  }

  toggleEdits(): void {
    this.showsEdits = !this.showsEdits;
    for (const layer of this.reasons.keys()) this.drawEdits(layer);
  }

  /** Draw a layer's edits and count them, after the mesh or its reasons changed. */
  drawEdits(layer: Layer): void {
    const reasons = this.reasons.get(layer), { alive, faceCount } = layer.slots;
    const counts = new Uint32Array(REASONS.length), last = Math.min(faceCount, reasons?.length ?? 0);
    for (let slot = 0; slot < last; slot++) if (alive[slot]) counts[reasons![slot]]++;
    this.counts.set(layer, counts);
    for (let reason = 1; reason < REASONS.length; reason++) {
      const slots = new Uint32Array(this.showsEdits ? counts[reason] : 0);
      for (let slot = 0, at = 0; at < slots.length; slot++) if (alive[slot] && reasons![slot] === reason) slots[at++] = slot;
      layer.showOverlay(`edit ${reason}`, slots, { colour: REASONS[reason][1], inFront: 2 });
    }
    this.app.stage.invalidate();
  }

  /** Legends for the side panel; layers that share a scale share its legend. */
  legends(): Node[] {
    const nodes: Node[] = [];
    const scales = new Map([...this.scales.values()].map((scale) => [JSON.stringify(scale), scale]));
    if (this.showsDeviation) for (const scale of scales.values()) nodes.push(this.scaleLegend(scale));
    if (this.showsEdits && this.reasons.size) nodes.push(this.editLegend());
    return nodes;
  }

  private scaleLegend({ low, high, unit, title }: Scale): Node {
    const stops = Array.from({ length: 13 }, (_, i) => `rgb(${deviationColour(i / 12).join(",")})`);
    const bar = element("div", "sts-scale");
    bar.style.background = `linear-gradient(to right, ${stops.join(",")})`;
    const digits = high - low < 1 ? 3 : high - low < 10 ? 2 : 1;
    const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => element("span", "", (low + part * (high - low)).toFixed(digits)));
    return element("div", "sts-legend", element("h3", "", `${title || this.app.words("deviation")} (${unit})`), bar, element("div", "sts-ticks", ...ticks));
  }

  private editLegend(): Node {
    const counts = REASONS.map((_, reason) => [...this.counts.values()].reduce((sum, one) => sum + one[reason], 0));
    const isEdited = counts.some((count, reason) => reason > 0 && count > 0);
    const rows = REASONS.flatMap(([label, colour], reason) => {
      if (!counts[reason] || (reason === 0 && isEdited)) return []; // "untouched" only where all is
      const mark = element("i", "sts-swatch");
      mark.style.background = `#${colour.toString(16).padStart(6, "0")}`;
      return [element("div", "sts-row", mark, element("span", "", this.app.words(label)), element("b", "", counts[reason].toLocaleString(this.app.language)))];
    });
    return element("div", "sts-legend", element("h3", "", this.app.words("edits")), ...rows);
  }
}
