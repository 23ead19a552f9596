// Python's messages, one by one.
//
// Rules owned here:
// - What is kept of a message is a copy; its buffers are given back at once, unless another view of the
//   same viewer still has to read them.
// - The mesh as it came is asked for when the slider is switched on, and let go with it.
import { Vector3 } from "three";
import type { App } from "./app.ts";
import { Layer } from "./layer.ts";
import { LAYER_COLOURS } from "./material.ts";
import { askToCollect, release } from "./scratch.ts";
import { sharedMesh, type SharedMesh } from "./shared_meshes.ts";
import { SlotMesh } from "./slots.ts";
import { follow } from "./steps_ahead.ts";
import { bytes, floats, numbers, readDelta, type Finding, type Level, type Message, type Triple } from "./wire.ts";

const LARGE = 100_000; // bytes of a message that leaves something behind worth collecting
const REST_MS = 1500; // after the last of them
const AGAIN_MS = 700;

const WORDS = ["history", "say", "before_known"]; // change nothing in the picture: in software one costs 0.1 s

type Handler = (message: Message, buffers: DataView[]) => void | boolean; // false: the picture is that already

export class Messages {
  private readonly handlers: Record<string, Handler>;
  private isPlaced = false; // the camera was set to see the first mesh
  private collecting = 0;

  constructor(private readonly app: App) {
    this.handlers = {
      mesh: (message, buffers) => this.mesh(message, buffers),
      remove: (message) => this.remove(String(message.layer)),
      delta: (message, buffers) => this.delta(message, buffers),
      drop_preview: (message) => this.dropPreview(message),
      findings: (message) => app.findings.set(String(message.layer), message.items as Finding[]),
      values: (message, buffers) => this.values(message, buffers),
      edits: (message, buffers) => this.edits(message, buffers),
      before_known: (message) => app.compare.know(String(message.layer)),
      before: (message, buffers) => app.compare.set(String(message.layer), floats(buffers[0]), numbers(buffers[1])),
      plane: (message) => app.guides.showPlane(message.point as Triple, message.normal as Triple, Boolean(message.confirmed)),
      base: (_message, buffers) => app.guides.showBase(floats(buffers[0]), numbers(buffers[1])),
      notes: (message) => app.measures.setNotes(String(message.layer), message.items as { place_mm: Triple; note: string }[]),
      teeth: (message) => this.teeth(message),
      directions: (message) => this.directions(message),
      history: (message) => {
        app.history = { undo: (message.undo as string | null) ?? null, redo: (message.redo as string | null) ?? null };
        follow(app, app.ahead.named(app.history.undo, app.history.redo));
        app.measures.own.follow();
      },
      say: (message) => {
        app.answered();
        app.say(String(message.text), message.level as Level, false);
      },
      clear: (message) => this.clear(String(message.text)),
    };
  }

  receive(message: Message, buffers: DataView[]): void {
    const { app } = this, handler = this.handlers[message.type];
    if (!handler || (message.to && message.to !== app.id)) return;
    const start = performance.now();
    const isNew = handler(message, buffers) !== false;
    if (buffers.reduce((sum, { byteLength }) => sum + byteLength, 0) > LARGE) this.collectSoon();
    if (message.to || app.isOnlyView) for (const { buffer } of buffers) release(buffer as ArrayBuffer);
    app.refreshSoon();
    if (["mesh", "delta", "drop_preview"].includes(message.type)) {
      if (message.type !== "mesh") app.answered();
      if (isNew) app.stage.draw();
      const end = performance.now();
      performance.measure(`stsbench:${message.type}`, { start, end });
      app.send({ type: "drawn", seq: message.seq, what: message.type, layer: message.layer, js_ms: Math.round(10 * (end - start)) / 10 });
    } else if (!WORDS.includes(message.type)) {
      app.stage.invalidate();
    }
  }

  /** Ask twice: a collection under way keeps what came after it began. */
  private collectSoon(times = 2, after = REST_MS): void {
    clearTimeout(this.collecting);
    this.collecting = window.setTimeout(() => {
      askToCollect();
      if (times > 1) this.collectSoon(times - 1, AGAIN_MS);
    }, after);
  }

  /** Follow the size of the canvas's box; true where it changed. */
  resize(): boolean {
    const { stage, chrome } = this.app, hadSize = stage.width > 1;
    const isNew = stage.resize(chrome.canvasBox.clientWidth, chrome.canvasBox.clientHeight);
    if (!hadSize && stage.layers.size) this.place();
    return isNew;
  }

  private mesh(message: Message, buffers: DataView[]): void {
    const { app } = this, name = String(message.layer);
    const colours = bytes(buffers[2]);
    const dead = numbers(buffers[3]), counts = [buffers[0].byteLength, buffers[1].byteLength];
    const isSame = ({ vertexCount, faceCount, aliveCount, seq, previews }: SharedMesh["state"]) =>
      (message.to ? !previews : seq === message.seq) &&
      12 * vertexCount === counts[0] && 12 * faceCount === counts[1] && aliveCount === faceCount - dead.length;
    const shared = sharedMesh(app.model, name, Number(message.seq), isSame, () =>
      new SlotMesh(floats(buffers[0]), numbers(buffers[1]), colours.length ? colours : null, dead));
    const { slots } = shared;
    const old = app.layer(name), isFirst = !app.stage.layers.size;
    const taken = [...app.stage.layers.values()].map((layer) => layer.colour);
    const colour = old?.colour ?? LAYER_COLOURS.find((one) => !taken.includes(one)) ?? LAYER_COLOURS[0];
    if (old) this.forget(old);
    const layer = new Layer(name, shared, { title: String(message.title ?? name), editable: Boolean(message.editable) });
    layer.group.visible = old ? old.group.visible : message.visible !== false;
    layer.setColour(colour);
    layer.showColours(app.showsColours);
    layer.showWires(app.showsWires);
    layer.setOpacity(app.isGlass ? 0.5 : 1);
    app.stage.addLayer(layer);
    app.chrome.setCover("");
    if (isFirst) this.isPlaced = false;
    this.resize();
    if (!this.isPlaced) this.place();
    layer.picking.prepareSoon();
    app.announce(app.words("mesh_shown", { title: layer.options.title, count: slots.aliveCount.toLocaleString(app.language) }));
  }

  private place(): void {
    const { stage } = this.app;
    stage.measure();
    if (stage.width <= 1) return;
    const { view } = stage;
    view.showView("occlusal");
    view.finishFlight();
    view.isMoved = false;
    this.isPlaced = true;
  }

  private remove(name: string): void {
    const layer = this.app.layer(name);
    if (!layer) return;
    this.forget(layer);
    this.app.findings.drop(name);
    this.app.measures.setNotes(name, []);
    this.app.stage.removeLayer(name);
  }

  private forget(layer: Layer): void {
    const { app } = this;
    app.ahead.clear();
    if (app.preview?.layer === layer) app.preview = null;
    if (app.selection.layer === layer) app.selection.clear(false);
    app.compare.drop(layer.name);
    app.maps.forget(layer);
    app.rims.forget(layer);
  }

  /** False where the page shows it already: nothing is drawn again. */
  private delta(message: Message, buffers: DataView[]): boolean {
    const { app } = this;
    const layer = app.layer(message.layer), delta = readDelta(message, buffers);
    if (layer && !message.preview && app.ahead.confirms(layer, delta)) return false;
    this.dropPreview(message);
    if (!layer) return true;
    const change = layer.apply(delta, `${message.seq} do`, message.preview ? "preview" : "keep");
    if (message.preview) {
      app.preview = { layer, inverse: change.inverse };
      layer.showOverlay("preview", change.added.length ? change.added : change.movedFaces, { colour: 0x46c46a, inFront: 4 });
    } else {
      app.ahead.learn(layer, delta, change.inverse);
    }
    follow(app, layer);
    return true;
  }

  private dropPreview(message: Message): void {
    const { app } = this;
    follow(app, app.ahead.drop());
    if (!app.preview) return;
    const { layer, inverse } = app.preview;
    app.preview = null;
    layer.showOverlay("preview", []);
    layer.apply(inverse, `${message.seq} drop`, "drop");
    follow(app, layer);
  }

  private values(message: Message, buffers: DataView[]): void {
    const layer = this.app.layer(message.layer);
    if (!layer) return;
    const scale = { low: Number(message.low), high: Number(message.high), unit: String(message.unit), title: String(message.title) };
    this.app.maps.setValues(layer, buffers.length ? floats(buffers[0]) : null, scale);
  }

  private edits(message: Message, buffers: DataView[]): void {
    const layer = this.app.layer(message.layer);
    if (layer) this.app.maps.setEdits(layer, buffers.length ? bytes(buffers[0]) : null);
  }

  private teeth(message: Message): void {
    const teeth = message.items as { fdi: number; place_mm: Triple }[];
    this.app.guides.teeth = teeth.map(({ fdi, place_mm }) => ({ place: new Vector3(...place_mm), fdi }));
  }

  private directions(message: Message): void {
    const { frame } = this.app.stage.view;
    frame.occlusal.fromArray(message.occlusal as Triple);
    frame.frontal.fromArray(message.frontal as Triple);
    frame.upper = Boolean(message.upper);
    const { stage } = this.app;
    if (!stage.layers.size) return;
    if (!stage.frames) this.place();
    else if (!stage.view.isMoved) { // nobody is taken away from what he looks at
      stage.view.showView("occlusal");
      stage.view.isMoved = false;
    }
  }

  private clear(text: string): void {
    const { app } = this;
    for (const name of [...app.stage.layers.keys()]) this.remove(name);
    app.guides.clear();
    app.measures.clear();
    app.tools.choose("turn");
    app.history = { undo: null, redo: null };
    app.answered();
    app.say("");
    app.chrome.setCover(text);
    app.announce(text);
    app.stage.draw();
  }
}
