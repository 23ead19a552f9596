// One viewer: puts canvas, tools and panels together and answers Python's messages.
//
// Rules owned here:
// - JavaScript draws, picks and selects; every change of a mesh is asked of Python by a `use` and
//   comes back as a delta.
// - Everything made here is given back in `close`.
import { Vector3 } from "three";
import { asLanguage, type Language } from "./labels.ts";
import { Layer } from "./layer.ts";
import { SlotMesh, type Delta } from "./slots.ts";
import { Stage } from "./stage.ts";
import style from "./style.css";
import { bytes, floats, numbers, readDelta, type Message, type Model } from "./wire.ts";

/** Every viewer on this page: one that is closed frees its WebGL context at once. */
export const LIVE = new Set<App>();
let count = 0;

export class App {
  readonly id = `view-${Date.now().toString(36)}-${++count}`;
  readonly root = document.createElement("div");
  readonly stage: Stage;
  language: Language = "en";
  preview: { layer: Layer; inverse: Delta } | null = null;
  private readonly endings: (() => void)[] = [];
  private sized = false;

  constructor(readonly model: Model, element: HTMLElement) {
    this.root.className = "sts-viewer";
    this.root.tabIndex = 0;
    this.root.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab leaves our keys alone
    const sheet = document.createElement("style");
    sheet.textContent = style;
    this.root.append(sheet);
    element.append(this.root);
    this.stage = new Stage(() => undefined);
    this.root.append(this.stage.canvas);
    this.listen();
    LIVE.add(this);
    this.send({ type: "ready" });
  }

  send(content: Record<string, unknown>, buffers: (ArrayBuffer | ArrayBufferView)[] = []): void {
    this.model.send({ ...content, view: this.id }, undefined, buffers);
  }

  layer(name: unknown): Layer | null {
    return this.stage.layers.get(String(name)) ?? null;
  }

  close(): void {
    if (!LIVE.delete(this)) return;
    for (const end of this.endings.splice(0).reverse()) end();
    this.stage.close();
    this.root.remove();
  }

  handle(message: Message, buffers: DataView[]): void {
    if (message.to && message.to !== this.id) return;
    const start = performance.now();
    switch (message.type) {
      case "mesh": this.showMesh(message, buffers); break;
      case "remove": this.stage.removeLayer(String(message.layer)); break;
      case "delta": this.applyDelta(message, buffers); break;
      case "drop_preview": this.dropPreview(); break;
      case "clear": for (const name of [...this.stage.layers.keys()]) this.stage.removeLayer(name); break;
    }
    if (message.type === "mesh" || message.type === "delta" || message.type === "drop_preview") {
      this.stage.draw();
      const end = performance.now();
      performance.measure(`stsbench:${message.type}`, { start, end });
      this.send({ type: "drawn", seq: message.seq, what: message.type, js_ms: end - start });
    } else {
      this.stage.invalidate();
    }
  }

  private showMesh(message: Message, buffers: DataView[]): void {
    const colours = bytes(buffers[2]);
    const slots = new SlotMesh(
      floats(buffers[0]), numbers(buffers[1]), colours.length ? colours : null, numbers(buffers[3]),
    );
    const name = String(message.layer), isFirst = !this.stage.layers.size;
    const layer = new Layer(name, slots, { title: String(message.title ?? name), editable: Boolean(message.editable) });
    layer.group.visible = message.visible !== false;
    layer.showColours(Boolean(this.model.get("shows_colours")));
    this.stage.addLayer(layer);
    if (isFirst || !this.sized) {
      this.resize();
      this.stage.view.frame.occlusal.set(0, 0, 1);
      this.stage.view.jump(this.stage.view.fitted(this.stage.view.place.turn.clone()));
      this.sized = this.stage.width > 1;
    }
    layer.picking.prepareSoon();
  }

  private applyDelta(message: Message, buffers: DataView[]): void {
    const layer = this.layer(message.layer);
    if (!layer) return;
    this.dropPreview();
    const delta = readDelta(message, buffers);
    const change = layer.apply(delta);
    if (message.preview) {
      this.preview = { layer, inverse: change.inverse };
      layer.showOverlay("preview", change.added.length ? change.added : change.movedFaces, { colour: 0x3fae5a });
    }
  }

  private dropPreview(): void {
    if (!this.preview) return;
    const { layer, inverse } = this.preview;
    this.preview = null;
    layer.showOverlay("preview", []);
    layer.apply(inverse);
  }

  private resize(): void {
    this.stage.resize(this.root.clientWidth, this.root.clientHeight);
  }

  private listen(): void {
    const message = (content: Message, buffers: DataView[]) => this.handle(content, buffers ?? []);
    this.model.on("msg:custom", message);
    const traits = () => {
      this.root.style.height = `${Number(this.model.get("height_px")) || 640}px`;
      this.language = asLanguage(this.model.get("language"));
    };
    traits();
    this.model.on("change:height_px", traits);
    this.model.on("change:language", traits);
    const observer = new ResizeObserver(() => this.resize());
    observer.observe(this.root);
    this.endings.push(
      () => this.model.off("msg:custom", message),
      () => this.model.off("change:height_px", traits),
      () => this.model.off("change:language", traits),
      () => observer.disconnect(),
    );
    this.navigate();
  }

  private navigate(): void {
    const canvas = this.stage.canvas, view = this.stage.view;
    let last: PointerEvent | null = null, moved = 0;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.root.focus({ preventScroll: true });
      last = event;
      moved = 0;
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!last) return;
      const dx = event.clientX - last.clientX, dy = event.clientY - last.clientY;
      moved += Math.abs(dx) + Math.abs(dy);
      if (event.buttons & 4 || event.shiftKey) view.pan(dx, dy);
      else view.orbit(dx, dy);
      last = event;
    });
    canvas.addEventListener("pointerup", (event) => {
      if (last && moved < 4 && event.button === 0) this.click(event.offsetX, event.offsetY);
      last = null;
    });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      view.zoom(Math.exp(event.deltaY * 0.0012), event.offsetX, event.offsetY);
    }, { passive: false });
  }

  private click(x: number, y: number): void {
    const hit = this.stage.pick(x, y);
    if (hit) this.send({ type: "select", layer: hit.layer.name, count: 1, place_mm: hit.place.toArray() }, [new Uint32Array([hit.slot])]);
    void Vector3;
  }
}
