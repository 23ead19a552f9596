// Tools that choose faces: lasso, brush, a loose piece.
import { Matrix4, Sphere } from "three";
import type { App } from "./app.ts";
import { polygonMask, type Pixel } from "./drawn_shapes.ts";
import { componentOf, facesInLasso, slotsOf } from "./face_sets.ts";
import { button, choice, numberField } from "./fields.ts";
import type { Layer } from "./layer.ts";
import type { At, Tool } from "./tool.ts";

const CLOSING_PIXELS = 9;

function howOf(at: At): "set" | "add" | "take" {
  return at.take ? "take" : at.add ? "add" : "set";
}

function throughField(app: App): HTMLElement {
  return choice(app, "through", app.selection.through, (on) => { app.selection.through = on; }, app.tooltip("through", "through"));
}

export class LassoTool implements Tool {
  readonly id = "lasso";
  readonly label = "lasso";
  readonly hint = "hint_lasso";
  readonly cursor = "crosshair";
  readonly draws = true;
  private drawn: Pixel[] = [];
  private corners = false; // set one by one, with the keyboard

  constructor(private readonly app: App) {
    app.overlay.painters.push((overlay) => {
      if (this.drawn.length > 1) overlay.path(this.drawn, "sts-lasso", true);
      if (this.corners) for (const pixel of this.drawn) overlay.dot(pixel, 3.5, "sts-dot");
    });
  }

  /** One corner after the other; near the first one, or with Enter, it is closed. */
  drop(at: At): void {
    const [x, y] = this.drawn[0] ?? [Infinity, Infinity];
    if (this.corners && this.drawn.length > 2 && Math.hypot(x - at.x, y - at.y) < CLOSING_PIXELS) return this.up(at);
    if (!this.corners) this.drawn = [];
    this.corners = true;
    this.drawn.push([at.x, at.y]);
    this.app.placed(this.drawn.length);
    this.app.overlay.paint();
  }

  takeBack(): number | null {
    if (!this.corners || !this.drawn.pop()) return null;
    this.app.overlay.paint();
    return this.drawn.length;
  }

  finish(how = { add: false, take: false }): boolean {
    if (!this.corners || this.drawn.length < 3) return false;
    this.up({ x: 0, y: 0, ...how });
    return true;
  }

  stop(): void {
    this.back();
  }

  cancelStroke(): void {
    this.back();
  }

  down(at: At): void {
    this.corners = false;
    this.drawn = [[at.x, at.y]];
  }

  drag(at: At): void {
    const [x, y] = this.drawn[this.drawn.length - 1] ?? [Infinity, Infinity];
    if (Math.hypot(x - at.x, y - at.y) < 2) return;
    this.drawn.push([at.x, at.y]);
    this.app.overlay.paint();
  }

  up(at: At): void {
    const drawn = this.drawn;
    this.drawn = [];
    this.corners = false;
    this.app.overlay.paint();
    if (drawn.length < 3) {
      if (howOf(at) === "set") this.app.selection.clear();
      return;
    }
    const start = performance.now(), { stage, selection } = this.app, layer = this.app.active;
    if (!layer) return this.app.say(this.app.words("nothing_editable"), "warning");
    stage.view.update();
    const camera = stage.view.camera;
    const mask = facesInLasso(layer.slots, {
      matrix: new Matrix4().multiplyMatrices(camera.projectionMatrix, camera.matrixWorldInverse),
      width: stage.width, height: stage.height, mask: polygonMask(drawn, stage.width, stage.height),
      toward: stage.view.axis(0, 0, 1), eye: stage.view.perspective ? camera.position : null,
      isKept: stage.clips ? (place) => stage.isKept(place) : undefined,
    }, selection.through, layer.picking);
    selection.combine(layer, mask, howOf(at));
    stage.draw();
    performance.measure("stsbench:lasso", { start, end: performance.now() });
  }

  back(): boolean {
    const began = this.drawn.length > 0;
    this.drawn = [];
    this.app.overlay.paint();
    return began;
  }

  options(): Node[] {
    return [throughField(this.app)];
  }
}

export class BrushTool implements Tool {
  readonly id = "brush";
  readonly label = "brush";
  readonly hint = "hint_brush";
  readonly cursor = "none";
  readonly draws = true;
  radius_mm = 1;
  private place: Pixel | null = null;
  private stroke: Uint8Array | null = null;
  private how: "add" | "take" = "add";
  private layer: Layer | null = null;

  constructor(private readonly app: App) {
    app.overlay.painters.push((overlay) => {
      if (this.place && app.tools.active === this) {
        overlay.dot(this.place, this.radius_mm / app.stage.view.mmPerPixel, "sts-brush");
      }
    });
  }

  hover(at: At): void {
    this.place = [at.x, at.y];
    this.app.overlay.paint();
  }

  leave(): void {
    this.place = null;
    this.app.overlay.paint();
  }

  drop(at: At): void {
    this.down(at);
    this.up();
  }

  down(at: At): void {
    this.layer = this.app.active;
    if (!this.layer) return this.app.say(this.app.words("nothing_editable"), "warning");
    this.how = at.take ? "take" : "add";
    this.stroke = new Uint8Array(this.layer.slots.faceCount);
    this.drag(at);
  }

  drag(at: At): void {
    this.place = [at.x, at.y];
    const { stage, selection } = this.app, layer = this.layer;
    if (!this.stroke || !layer) return;
    const hit = stage.pick(at.x, at.y, layer);
    if (!hit) return this.app.overlay.paint();
    const toward = stage.view.axis(0, 0, 1), { shades, index } = layer.slots;
    let isNew = false;
    for (const slot of layer.picking.inside(new Sphere(hit.place, this.radius_mm))) {
      const at4 = 4 * index[3 * slot];
      const away = shades[at4] * toward.x + shades[at4 + 1] * toward.y + shades[at4 + 2] * toward.z < 0;
      if (this.stroke[slot] || (away && !selection.through)) continue;
      this.stroke[slot] = 1;
      isNew = true;
    }
    if (isNew) selection.combine(layer, this.stroke, selection.layer === layer ? this.how : "set", false);
    stage.invalidate();
  }

  cancelStroke(): void {
    this.up(); // what was painted stays; Ctrl takes it away
  }

  up(): void {
    if (this.stroke) this.app.selection.tell();
    this.stroke = null;
  }

  options(): Node[] {
    return [
      numberField(this.app, "radius", this.radius_mm, { min: 0.1, max: 10, step: 0.1, unit: "mm" }, (value) => { this.radius_mm = value; }),
      throughField(this.app),
    ];
  }
}

export class PieceTool implements Tool {
  readonly id = "piece";
  readonly label = "piece";
  readonly hint = "hint_piece";
  readonly cursor = "pointer";
  readonly draws = false;
  private slot = -1;
  private layer: Layer | null = null;

  constructor(private readonly app: App) {}

  click(at: At): void {
    const hit = this.app.stage.pick(at.x, at.y);
    if (!hit || !hit.layer.options.editable) return;
    this.slot = hit.slot;
    this.layer = hit.layer;
    const mask = componentOf(hit.layer.slots, hit.slot);
    this.app.selection.set(hit.layer, mask);
    this.app.say(this.app.words("piece_is", { count: slotsOf(mask).length.toLocaleString(this.app.language) }));
    this.app.refresh();
  }

  stop(): void {
    this.layer = null;
  }

  back(): boolean {
    const began = this.layer !== null;
    this.layer = null;
    if (began) this.app.selection.clear();
    return began;
  }

  options(): Node[] {
    const layer = this.layer;
    if (!layer) return [];
    const use = (tool: string) => () => {
      this.layer = null;
      this.app.selection.clear();
      this.app.use(layer, { tool, face: this.slot });
    };
    return [
      button(this.app, { label: "delete_piece", run: use("delete_component"), command: "delete" }),
      button(this.app, { label: "keep_piece", run: use("keep_component") }),
    ];
  }
}
