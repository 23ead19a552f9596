// Tools that cut: by a plane drawn as a line across the picture, by a curve drawn on the surface.
import { Vector3 } from "three";
import type { App } from "./app.ts";
import type { Pixel } from "./drawn_shapes.ts";
import { button } from "./fields.ts";
import type { Layer } from "./layer.ts";
import { Lines, pathSegments } from "./lines.ts";
import type { At, Tool } from "./tool.ts";

export class TrimPlaneTool implements Tool {
  readonly id = "trim_plane";
  readonly label = "trim_plane";
  readonly hint = "hint_trim_plane";
  readonly cursor = "crosshair";
  readonly draws = true;
  private from: Pixel | null = null;
  private to: Pixel | null = null;
  private plane: { point: Vector3; normal: Vector3 } | null = null;

  constructor(private readonly app: App) {
    app.overlay.painters.push((overlay) => {
      if (this.from && this.to) overlay.path([this.from, this.to], "sts-cut");
      else if (this.from) overlay.dot(this.from, 4, "sts-dot");
    });
  }

  /** The two ends of the line, one after the other. */
  drop(at: At): void {
    if (this.plane) return;
    if (this.from) {
      this.to = [at.x, at.y];
      this.up();
    } else {
      this.down(at);
    }
    this.app.placed(this.from ? 1 : 2);
    this.app.overlay.paint();
  }

  hover(at: At): void {
    if (!this.from || this.plane) return;
    this.to = [at.x, at.y];
    this.app.overlay.paint();
  }

  takeBack(): number | null {
    return this.back() ? 0 : null;
  }

  cancelStroke(): void {
    this.back();
  }

  down(at: At): void {
    this.from = [at.x, at.y];
    this.to = null;
  }

  drag(at: At): void {
    if (!this.from) return;
    this.to = [at.x, at.y];
    this.app.overlay.paint();
  }

  up(): void {
    const { from, to } = this;
    if (!from || !to || Math.hypot(to[0] - from[0], to[1] - from[1]) < 8) {
      this.from = this.to = null;
      return;
    }
    // The plane holds the drawn line and the direction of view; the right of the line goes.
    const { view } = this.app.stage;
    const ray = this.app.stage.ray((from[0] + to[0]) / 2, (from[1] + to[1]) / 2);
    const along = view.axis(to[0] - from[0], from[1] - to[1], 0);
    const normal = along.cross(ray.direction).normalize();
    const depth = view.place.target.clone().sub(ray.origin).dot(ray.direction);
    this.plane = { point: ray.at(depth, new Vector3()), normal };
    this.from = this.to = null;
    this.show();
  }

  finish(): boolean {
    const { plane } = this, layer = this.app.active;
    if (!plane || !layer) return false;
    this.back();
    this.app.use(layer, { tool: "trim_plane", point: plane.point.toArray(), normal: plane.normal.toArray() });
    return true;
  }

  flip(): void {
    this.plane?.normal.negate();
    this.show();
  }

  back(): boolean {
    const began = this.plane !== null || this.from !== null;
    this.plane = this.from = this.to = null;
    this.app.overlay.paint();
    this.app.section.setCut(null);
    this.app.refresh();
    return began;
  }

  stop(): void {
    this.back();
  }

  options(): Node[] {
    if (!this.plane) return [];
    return [
      button(this.app, { label: "other_side", run: () => this.flip() }),
      button(this.app, { label: "trim", style: "sts-primary", run: () => this.finish() }),
      button(this.app, { label: "cancel", run: () => this.back() }),
    ];
  }

  private show(): void {
    this.app.section.setCut(this.plane);
    this.app.refresh();
  }
}

export class TrimCurveTool implements Tool {
  readonly id = "trim_curve";
  readonly label = "trim_curve";
  readonly hint = "hint_trim_curve";
  readonly cursor = "crosshair";
  readonly draws = true;
  private places: Vector3[] = [];
  private strokes: number[] = []; // how many places there were before each press
  private isClosed = false;
  private layer: Layer | null = null;
  private readonly lines = new Lines({ colour: 0x2fd36b, width: 4, hidden: 0.35 });

  constructor(private readonly app: App) {}

  start(): void {
    this.app.stage.decorations.add(this.lines.group);
  }

  stop(): void {
    this.back();
    this.lines.group.removeFromParent();
  }

  down(at: At): void {
    if (this.isClosed) return this.click(at);
    this.strokes.push(this.places.length);
    this.walk(at);
    this.add(at, 0);
  }

  cancelStroke(): void {
    this.takeBack();
  }

  /** A place of the keyboard; the curve runs over the surface from the last one. */
  drop(at: At): void {
    const before = this.places.length, wasClosed = this.isClosed;
    this.down(at);
    if (!wasClosed && this.places.length > before) this.app.placed(this.strokes.length);
    this.app.refresh();
  }

  takeBack(): number | null {
    const start = this.isClosed ? undefined : this.strokes.pop();
    if (start === undefined) return null;
    this.places.length = start;
    this.draw();
    return this.strokes.length;
  }

  drag(at: At): void {
    if (!this.isClosed) this.add(at, 6);
  }

  up(): void {
    this.app.refresh();
  }

  click(at: At): void {
    const hit = this.app.stage.pick(at.x, at.y, this.layer ?? undefined);
    if (!hit || !this.isClosed) return;
    const { layer, places } = this;
    this.back();
    if (layer) {
      this.app.use(layer, { tool: "trim_curve", points: places.map((one) => one.toArray()), goes: hit.place.toArray() });
    }
  }

  /** Enter: the curve is done; the next click says which side goes. */
  finish(): boolean {
    if (this.places.length < 3 || this.isClosed) return false;
    const first = this.places[0], last = this.places[this.places.length - 1];
    // A curve that ends near its beginning is closed; else it runs from border to border.
    if (first.distanceTo(last) < 3) this.places.push(first.clone());
    this.isClosed = true;
    this.app.say(this.app.words("click_what_goes"));
    this.draw();
    this.app.refresh();
    return true;
  }

  back(): boolean {
    const began = this.places.length > 0;
    this.places = [];
    this.strokes = [];
    this.isClosed = false;
    this.layer = null;
    this.draw();
    this.app.refresh();
    return began;
  }

  options(): Node[] {
    if (!this.places.length) return [];
    const nodes: Node[] = [];
    if (!this.isClosed) nodes.push(button(this.app, { label: "curve_done", style: "sts-primary", run: () => this.finish() }));
    nodes.push(button(this.app, { label: "cancel", run: () => this.back() }));
    return nodes;
  }

  close(): void {
    this.lines.close();
  }

  /** Over the surface, in a straight line of the picture, from the last place to this one. */
  private walk(at: At): void {
    const last = this.places[this.places.length - 1];
    if (!last) return;
    const from = this.app.stage.project(last), steps = Math.ceil(Math.hypot(at.x - from.x, at.y - from.y) / 6);
    for (let i = 1; i < steps; i++) {
      const part = i / steps;
      this.add({ ...at, x: from.x + part * (at.x - from.x), y: from.y + part * (at.y - from.y) }, 3);
    }
  }

  private add(at: At, pixels: number): void {
    const hit = this.app.stage.pick(at.x, at.y, this.layer ?? this.app.active ?? undefined);
    if (!hit || !hit.layer.options.editable) return;
    this.layer = hit.layer;
    const last = this.places[this.places.length - 1];
    if (last && last.distanceTo(hit.place) < pixels * this.app.stage.view.mmPerPixel) return;
    this.places.push(hit.place.clone());
    this.draw();
  }

  private draw(): void {
    this.lines.set(pathSegments(this.places.map((one) => one.toArray())));
    this.app.stage.invalidate();
  }
}
