// What is drawn over the canvas in SVG: labels and lines that stay at their places, the lasso, the
// ruler. Drawn again after each frame, by whoever registered.
//
// Rules owned here:
// - Labels lie over lines, and none covers another: the one drawn later goes down, as far as it must, and up
//   where it would leave the picture.
import type { Vector3 } from "three";
import { roundLength, type Pixel } from "./drawn_shapes.ts";
import { freePlace, type Box } from "./label_places.ts";
import type { Stage } from "./stage.ts";

const LINE = 20; // pixels from one line of text to the next
const EDGE = 6; // pixels that a letter may reach below its line
const SVG = "http://www.w3.org/2000/svg";

export class Overlay {
  readonly element = document.createElementNS(SVG, "svg");
  private readonly lines = document.createElementNS(SVG, "g");
  private readonly texts = document.createElementNS(SVG, "g");
  readonly painters: ((overlay: Overlay) => void)[] = [];
  private readonly labels: Box[] = [];
  private readonly widths = new Map<string, number>();

  constructor(readonly stage: Stage) {
    this.element.classList.add("sts-overlay");
    this.element.setAttribute("aria-hidden", "true");
    this.element.append(this.lines, this.texts);
    stage.after.push(() => this.paint());
  }

  paint(): void {
    this.lines.replaceChildren();
    this.texts.replaceChildren();
    this.labels.length = 0;
    for (const painter of this.painters) painter(this);
    if (this.stage.layers.size) this.ruler();
  }

  at(place: Vector3): Pixel {
    const seen = this.stage.project(place);
    return [seen.x, seen.y];
  }

  path(pixels: Pixel[], style: string, closed = false): void {
    const kind = closed ? "polygon" : "polyline";
    this.add(kind, { points: pixels.map((one) => one.map((v) => v.toFixed(1)).join(",")).join(" "), class: style });
  }

  dot([x, y]: Pixel, radius: number, style: string): void {
    this.add("circle", { cx: x, cy: y, r: radius, class: style });
  }

  label([x, y]: Pixel, text: string, style = "sts-label"): void {
    const node = this.add("text", { x, y, class: style });
    node.textContent = text;
    // Asking for a width lays the page out: once for each text.
    const key = `${style} ${text}`;
    let width = this.widths.get(key);
    if (width === undefined) {
      width = (node as SVGTextElement).getComputedTextLength();
      if (this.widths.size > 500) this.widths.clear();
      this.widths.set(key, width);
    }
    const box = freePlace({ x, y, width, height: LINE }, this.labels, this.stage.height - EDGE);
    this.labels.push(box);
    if (box.y !== y) node.setAttribute("y", String(box.y));
  }

  private ruler(): void {
    const mmPerPixel = this.stage.view.mmPerPixel;
    const length = roundLength(130 * mmPerPixel), pixels = length / mmPerPixel;
    const x = 18, y = this.stage.height - 18;
    this.path([[x, y - 6], [x, y], [x + pixels, y], [x + pixels, y - 6]], "sts-ruler");
    const tenth = pixels / 10;
    for (let i = 1; i < 10; i++) this.path([[x + i * tenth, y], [x + i * tenth, y - (i === 5 ? 5 : 3)]], "sts-ruler sts-fine");
    const text = length >= 1 ? `${length} mm` : `${Math.round(length * 1000)} µm`;
    this.label([x + pixels + 8, y + 3], text);
  }

  private add(kind: string, attributes: Record<string, string | number>): SVGElement {
    const node = document.createElementNS(SVG, kind);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
    (kind === "text" ? this.texts : this.lines).append(node);
    return node;
  }
}
