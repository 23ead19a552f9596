// One viewer: puts canvas, tools and panels together and answers Python's messages.
//
// Rules owned here:
// - JavaScript draws, picks and selects; every change of a mesh is asked of Python by a `use` and
//   comes back as a delta. Until it does, no other click is taken.
// - Everything made here is given back in `close`.
import type { ViewName } from "./camera.ts";
import { Chrome } from "./chrome.ts";
import { COMMAND, keyText, labelOf, type Command } from "./commands.ts";
import { Compare } from "./compare.ts";
import { Cross } from "./cross.ts";
import { Findings } from "./findings.ts";
import { Guides } from "./guides.ts";
import { asLanguage, isLabel, words, type Label, type Language } from "./labels.ts";
import { Layer } from "./layer.ts";
import { listen } from "./listening.ts";
import { Maps } from "./maps.ts";
import { Occlusion } from "./occlusion.ts";
import { Overlay } from "./overlay.ts";
import { Measures } from "./place_tools.ts";
import { Pointer } from "./pointer.ts";
import { Rims } from "./rims.ts";
import { Section } from "./section.ts";
import { Selection } from "./selection.ts";
import { askToCollect } from "./scratch.ts";
import { SharedMesh } from "./shared_meshes.ts";
import { SlotMesh, type Delta } from "./slots.ts";
import { Stage, type Picked } from "./stage.ts";
import style from "./style.css";
import type { Notation } from "./teeth.ts";
import { Tools } from "./tools.ts";
import { StepsAhead } from "./steps_ahead.ts";
import { slotsIn, type Finding, type Level, type Model } from "./wire.ts";
import { maskOf } from "./face_sets.ts";

/** Every viewer on this page: one that is closed frees its WebGL context at once. */
export const LIVE = new Set<App>();
const IS_MAC = /Mac/.test(globalThis.navigator?.platform ?? "");
const BUSY_AFTER_MS = 250;
let count = 0;

export class App {
  readonly id = `view-${Date.now().toString(36)}-${++count}`;
  readonly root = document.createElement("div");
  language: Language = "en";
  notation: Notation = "fdi";
  readonly stage: Stage;
  readonly overlay: Overlay;
  readonly selection = new Selection(this);
  readonly rims = new Rims(this);
  readonly measures: Measures;
  readonly findings: Findings;
  readonly maps = new Maps(this);
  readonly section: Section;
  readonly guides: Guides;
  readonly occlusion: Occlusion;
  readonly tools: Tools;
  readonly compare: Compare;
  readonly chrome: Chrome;
  readonly pointer: Pointer;
  readonly cross: Cross;
  readonly ahead = new StepsAhead<Layer>();
  preview: { layer: Layer; inverse: Delta } | null = null;
  history: { undo: string | null; redo: string | null } = { undo: null, redo: null };
  asksFirst = true;
  showsColours = true;
  showsWires = false;
  isGlass = false;
  isWaiting = false;
  isKeyHeld = false;
  private busy = 0;
  private refreshing = 0;
  private readonly endings: (() => void)[] = [];

  constructor(readonly model: Model, element: HTMLElement) {
    this.root.className = "sts-viewer";
    this.root.tabIndex = 0;
    this.root.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab leaves our keys alone
    const sheet = document.createElement("style");
    sheet.textContent = style;
    this.root.append(sheet);
    element.append(this.root);
    this.language = asLanguage(model.get("language"));
    this.showsColours = model.get("shows_colours") !== false;
    this.stage = new Stage((lost) => this.contextChanged(lost));
    this.overlay = new Overlay(this.stage);
    this.measures = new Measures(this);
    this.findings = new Findings(this);
    this.section = new Section(this);
    this.guides = new Guides(this);
    this.occlusion = new Occlusion(this);
    this.tools = new Tools(this);
    this.compare = new Compare(this);
    this.chrome = new Chrome(this);
    this.chrome.canvasBox.prepend(this.stage.canvas, this.overlay.element);
    this.pointer = new Pointer(this);
    this.cross = new Cross(this);
    this.chrome.build();
    this.chrome.setCover(this.words("waiting_for_mesh"));
    this.endings.push(listen(this));
    LIVE.add(this);
    this.send({ type: "ready" });
    this.stage.warmUp(new Layer("", new SharedMesh(new SlotMesh(new Float32Array(9), Uint32Array.of(0, 1, 2))), { title: "", editable: false }));
  }

  send(content: Record<string, unknown>, buffers: (ArrayBuffer | ArrayBufferView)[] = []): void {
    this.model.send({ ...content, view: this.id }, undefined, buffers);
  }

  /** Ask Python for a change of a mesh. */
  use(layer: Layer, use: Record<string, unknown>, slots?: Uint32Array, previews = true): void {
    if (this.isWaiting) return;
    if (this.preview) return this.say(this.words("decide_first"), "warning");
    this.isWaiting = true;
    this.busy = window.setTimeout(() => {
      this.root.classList.add("sts-busy");
      this.say(this.words("working"));
    }, BUSY_AFTER_MS);
    performance.mark("stsbench:use");
    this.send({ type: "use", layer: layer.name, use, preview: previews && this.asksFirst }, slots ? [slots] : []);
  }

  /** Python answered. */
  answered(): void {
    this.isWaiting = false;
    clearTimeout(this.busy);
    if (this.root.classList.contains("sts-busy")) {
      this.root.classList.remove("sts-busy");
      this.say("");
    }
  }

  accept(): void {
    if (!this.preview) return;
    this.ahead.wait();
    this.send({ type: "accept" });
  }

  reject(): void {
    if (this.preview) this.send({ type: "reject" });
  }

  run(id: string): void {
    const command = COMMAND.get(id);
    if (!command || (command.can && !command.can(this))) return;
    command.run(this);
    this.refresh();
  }

  /** Enter; with Shift what was drawn is added, with Ctrl taken away. */
  finish(how?: { add: boolean; take: boolean }): void {
    if (this.preview) return this.accept();
    if (how || !this.cross.enter()) this.tools.active.finish?.(how);
  }

  /** Backspace. */
  takeBack(): void {
    const left = this.tools.active.takeBack?.() ?? null;
    if (left !== null) this.announce(this.words("places_left", { count: left }));
  }

  /** A tool took a place: said for those who do not see it. */
  placed(count: number): void {
    this.announce(this.words("place_taken", { count }));
  }

  /** Esc: what was begun, else the selection, else the tool, else tell Python. */
  back(): void {
    if (this.chrome.showsHelp) return this.chrome.toggleHelp();
    if (this.preview) return this.reject();
    if (this.isWaiting) {
      this.ahead.wait();
      this.answered();
      return this.send({ type: "cancel" });
    }
    if (this.tools.active.back?.()) return;
    if (this.selection.count) return this.selection.clear();
    if (this.tools.active.id !== "turn") return this.tools.choose("turn");
    this.send({ type: "cancel" });
  }

  /** True where no other view on this page shows the same viewer. */
  get isOnlyView(): boolean {
    return [...LIVE].every((app) => app === this || app.model !== this.model);
  }

  layer(name: unknown): Layer | null {
    return this.stage.layers.get(String(name)) ?? null;
  }

  /** The layer that tools change: of the editable ones shown, the one chosen or else the first. */
  get active(): Layer | null {
    const editable = [...this.stage.layers.values()].filter((layer) => layer.options.editable && layer.group.visible);
    return editable.find((layer) => layer === this.selection.layer) ?? editable[0] ?? null;
  }

  /** Whether any mesh on the screen, shown or not, is there to be changed. */
  get mayEdit(): boolean {
    return [...this.stage.layers.values()].some((layer) => layer.options.editable);
  }

  words(label: Label, values: Record<string, string | number> = {}): string {
    return words(this.language, label, values);
  }

  kindName(kind: string): string {
    const label = `kind_${kind}`;
    return isLabel(label) ? this.words(label) : kind.replaceAll("_", " ");
  }

  sizeText(finding: Finding): string {
    return finding.size_mm > 0 ? `${finding.size_mm.toFixed(finding.size_mm < 10 ? 2 : 1)} mm` : "";
  }

  keysText(command: Command): string {
    return keyText(command.keys[0], IS_MAC);
  }

  tooltip(label: Label, id?: string): string {
    const command = id ? COMMAND.get(id) : undefined;
    const tip = `tip_${id ?? label}`;
    const text = isLabel(tip) ? this.words(tip) : this.words(label);
    return command && labelOf(command) === label ? `${text} (${this.keysText(command)})` : text;
  }

  say(text: string, level: Level = "info", isOwn = true): void {
    this.chrome.say(text, level, isOwn);
  }

  hint(text: string | null): void {
    this.chrome.hint(text);
  }

  announce(text: string): void {
    this.chrome.announce(text);
  }

  refresh(withBar = true): void {
    this.chrome.refresh(withBar);
  }

  /** Once before the next frame, however many messages say so: a step comes with five. */
  refreshSoon(): void {
    this.refreshing ||= requestAnimationFrame(() => {
      this.refreshing = 0;
      this.refresh();
    });
  }

  showView(name: ViewName): void {
    this.stage.measure();
    this.stage.view.showView(name);
    this.announce(this.words(name));
  }

  wholeHeight(): number {
    return this.stage.view.fitted(this.stage.view.place.turn).height;
  }

  get canFillFinding(): boolean {
    return Boolean(this.findings.list[this.findings.current]?.loop);
  }

  fillFinding(): void {
    const finding = this.findings.list[this.findings.current], layer = this.layer(finding?.layer);
    if (!finding?.loop || !layer) return;
    const edge = this.rims.edgeOf(layer, finding.loop);
    if (edge) this.use(layer, { tool: "fill", edge });
    else this.say(this.words("closed_already"), "warning");
  }

  selectFinding(): void {
    const finding = this.findings.list[this.findings.current], layer = this.layer(finding?.layer);
    if (finding?.faces && layer) this.selection.set(layer, maskOf(layer.slots, slotsIn(finding.faces)));
  }

  valueAt(hit: Picked): string | null {
    const { slots } = hit.layer, vertex = slots.index[3 * hit.slot], value = hit.layer.amountAt(vertex);
    return value === null || Number.isNaN(value) ? null : `${this.words("deviation")}: ${value.toFixed(3)} mm`;
  }

  get hasColours(): boolean {
    return [...this.stage.layers.values()].some((layer) => layer.hasColours);
  }

  toggleColours(): void {
    this.showsColours = !this.showsColours;
    this.forLayers((layer) => layer.showColours(this.showsColours));
  }

  toggleWires(): void {
    this.showsWires = !this.showsWires;
    this.forLayers((layer) => layer.showWires(this.showsWires));
  }

  toggleGlass(): void {
    this.isGlass = !this.isGlass;
    this.forLayers((layer) => layer.setOpacity(this.isGlass ? 0.5 : 1));
  }

  toggleLayer(number: number): void {
    const layer = [...this.stage.layers.values()][number];
    if (!layer) return;
    layer.group.visible = !layer.group.visible;
    this.stage.measure();
    this.findings.draw();
    this.section.update();
    this.announce(`${layer.options.title}: ${this.words(layer.group.visible ? "shown" : "hidden")}`);
    this.refresh();
  }

  toggleFullscreen(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void this.root.requestFullscreen();
  }

  close(): void {
    if (!LIVE.delete(this)) return;
    this.send({ type: "gone" });
    clearTimeout(this.busy);
    cancelAnimationFrame(this.refreshing);
    for (const end of this.endings.splice(0).reverse()) end();
    const parts = [this.cross, this.pointer, this.tools, this.compare, this.occlusion, this.guides, this.section, this.findings, this.stage];
    for (const part of parts) part.close();
    this.root.remove();
    askToCollect();
  }

  private forLayers(work: (layer: Layer) => void): void {
    for (const layer of this.stage.layers.values()) work(layer);
    this.stage.invalidate();
  }

  private contextChanged(lost: boolean): void {
    if (lost) this.occlusion.free();
    this.chrome.setCover(lost ? this.words("graphics_lost") : "");
    this.announce(this.words(lost ? "graphics_lost" : "graphics_back"));
  }
}
