// Tools that take places: distance, angle, wall thickness, a note, the occlusal plane.
import { Ray, Vector3 } from "three";
import type { App } from "./app.ts";
import { button, element } from "./fields.ts";
import type { Label } from "./labels.ts";
import { OwnHistory } from "./own_history.ts";
import { angleDegrees, distance } from "./sections.ts";
import type { At, Tool } from "./tool.ts";
import type { Triple } from "./wire.ts";

export type MeasureKind = "distance" | "angle" | "thickness";

interface Measure {
  kind: MeasureKind;
  places: Vector3[];
  text: string;
}

interface Note {
  layer: string;
  place: Vector3;
  note: string;
}

/** Measures that were cleared at once; undo brings them back. */
interface Cleared {
  cleared: Measure[];
}

type Thing = Measure | Note | Cleared;

/** What was measured stays on the screen until it is cleared. */
export class Measures {
  done: Measure[] = [];
  notes: Note[] = [];
  readonly own = new OwnHistory<Thing>();
  begun: Vector3[] = [];

  constructor(private readonly app: App) {
    app.overlay.painters.push((overlay) => {
      for (const { places, text } of this.done) {
        const pixels = places.map((place) => overlay.at(place));
        overlay.path(pixels, "sts-measure-back");
        overlay.path(pixels, "sts-measure");
        for (const pixel of pixels) overlay.dot(pixel, 3.5, "sts-dot");
        const a = pixels[0], b = pixels[pixels.length - 1];
        const at = pixels.length === 3 ? pixels[1] : [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
        overlay.label([at[0] + 8, at[1] - 8], text, "sts-label sts-strong");
      }
      const pixels = this.begun.map((place) => overlay.at(place));
      if (pixels.length > 1) overlay.path(pixels, "sts-measure");
      for (const pixel of pixels) overlay.dot(pixel, 4, "sts-dot");
      this.notes.forEach(({ place, note }, i) => {
        const at = overlay.at(place);
        overlay.dot(at, 6, "sts-note");
        overlay.label([at[0] + 10, at[1] + 4], `${i + 1}  ${note}`);
      });
    });
  }

  /** Put a measure or a note on the screen, or clear measures, such that undo takes it back. */
  add(thing: Thing): void {
    this.put(thing);
    this.own.add(thing);
    this.app.refresh();
  }

  /** Take off what this page put last; false where it is Python's turn. */
  undo(): boolean {
    const thing = this.own.undo(this.app.history);
    if (!thing) return false;
    if ("cleared" in thing) this.done = [...thing.cleared, ...this.done];
    this.done = this.done.filter((one) => one !== thing);
    this.notes = this.notes.filter((one) => one !== thing);
    this.app.refresh();
    this.app.stage.invalidate();
    return true;
  }

  redo(): boolean {
    const thing = this.own.redo(this.app.history);
    if (thing) this.put(thing);
    this.app.refresh();
    return thing !== null;
  }

  private put(thing: Thing): void {
    if ("note" in thing) this.notes.push(thing);
    else if ("kind" in thing) this.done.push(thing);
    else this.done = this.done.filter((one) => !thing.cleared.includes(one));
    this.app.stage.invalidate();
  }

  /** Python's list of a layer's notes takes the place of what was shown of it. */
  setNotes(layer: string, items: { place_mm: Triple; note: string }[]): void {
    this.own.forget((thing) => "note" in thing && thing.layer === layer);
    const others = this.notes.filter((one) => one.layer !== layer);
    this.notes = [...others, ...items.map(({ place_mm, note }) => ({ layer, place: new Vector3(...place_mm), note }))];
    this.app.stage.invalidate();
  }

  /** Take the place given last back; how many are left. */
  takeBack(): number | null {
    if (!this.begun.pop()) return null;
    this.app.stage.invalidate();
    return this.begun.length;
  }

  /** Take all measures off the screen, for undo to bring back. */
  wipe(): void {
    this.begun = [];
    if (this.done.length) this.add({ cleared: this.done });
  }

  /** Forget everything: there is no mesh any more. */
  clear(): void {
    this.done = [];
    this.notes = [];
    this.begun = [];
    this.own.forget(() => true);
  }
}

export class MeasureTool implements Tool {
  readonly cursor = "crosshair";
  readonly draws = false;
  readonly hint: Label;
  readonly label: Label;

  constructor(private readonly app: App, readonly id: MeasureKind) {
    this.hint = `hint_${id}` as Label;
    this.label = id;
  }

  click(at: At): void {
    const { stage, measures } = this.app, hit = stage.pick(at.x, at.y);
    if (!hit) return;
    if (this.id === "thickness") {
      // Straight in from where it was clicked, to the other side of the wall.
      const inward = hit.normal.clone().normalize();
      if (inward.dot(stage.ray(at.x, at.y).direction) < 0) inward.negate();
      const ray = new Ray(hit.place.clone().addScaledVector(inward, 0.02), inward);
      const far = hit.layer.picking.first(ray);
      if (!far) return this.app.say(this.app.words("no_other_side"), "warning");
      return this.finished([hit.place, far.place], hit.place.distanceTo(far.place), "mm");
    }
    measures.begun.push(hit.place.clone());
    const places = measures.begun.map((place) => place.toArray());
    if (this.id === "distance" && places.length === 2) this.finished(measures.begun, distance(places[0], places[1]), "mm");
    else if (this.id === "angle" && places.length === 3) {
      this.finished(measures.begun, angleDegrees(places[0], places[1], places[2]), "deg");
    }
    if (measures.begun.length) this.app.placed(measures.begun.length);
    stage.invalidate();
  }

  takeBack(): number | null {
    return this.app.measures.takeBack();
  }

  back(): boolean {
    const { measures } = this.app, began = measures.begun.length > 0;
    measures.begun = [];
    this.app.stage.invalidate();
    return began;
  }

  stop(): void {
    this.back();
  }

  options(): Node[] {
    return this.app.measures.done.length
      ? [button(this.app, { label: "clear_measures", run: () => this.app.measures.wipe() })]
      : [];
  }

  private finished(places: Vector3[], value: number, unit: "mm" | "deg"): void {
    const { measures } = this.app;
    const text = unit === "mm" ? `${value.toFixed(2)} mm` : `${value.toFixed(1)}°`;
    measures.add({ kind: this.id, places: places.map((place) => place.clone()), text });
    measures.begun = [];
    this.app.say(`${this.app.words(this.id)}: ${text}`);
    this.app.send({ type: "measure", kind: this.id, value, unit, places: places.map((place) => place.toArray()) });
    this.app.refresh();
    this.app.stage.invalidate();
  }
}

export class NoteTool implements Tool {
  readonly id = "note";
  readonly label = "note";
  readonly hint = "hint_note";
  readonly cursor = "crosshair";
  readonly draws = false;
  private box: HTMLElement | null = null;

  constructor(private readonly app: App) {}

  click(at: At): void {
    const hit = this.app.stage.pick(at.x, at.y);
    this.back();
    if (!hit) return;
    const input = element("input", "sts-note-input");
    input.maxLength = 200;
    input.placeholder = this.app.words("write_note");
    input.setAttribute("aria-label", this.app.words("write_note"));
    const keep = () => {
      const note = input.value.trim();
      this.back();
      if (!note) return;
      this.app.measures.add({ layer: hit.layer.name, place: hit.place.clone(), note });
      this.app.ahead.wait();
      this.app.send({ type: "mark", layer: hit.layer.name, place_mm: hit.place.toArray(), note });
      this.app.stage.invalidate();
    };
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") keep();
      if (event.key === "Escape") this.back();
    });
    this.box = element("div", "sts-note-box", input, button(this.app, { label: "keep_note", style: "sts-primary", run: keep }));
    this.box.style.left = `${Math.min(at.x, this.app.stage.width - 290)}px`;
    this.box.style.top = `${Math.min(at.y + 12, this.app.stage.height - 50)}px`;
    this.app.chrome.canvasBox.append(this.box);
    input.focus();
  }

  back(): boolean {
    const began = this.box !== null;
    this.box?.remove();
    this.box = null;
    if (began) this.app.root.focus({ preventScroll: true });
    return began;
  }

  stop(): void {
    this.back();
  }
}

export class PlaneTool implements Tool {
  readonly id = "plane";
  readonly label = "plane";
  readonly hint = "hint_plane";
  readonly cursor = "crosshair";
  readonly draws = false;

  constructor(private readonly app: App) {}

  click(at: At): void {
    const hit = this.app.stage.pick(at.x, at.y), { measures } = this.app;
    if (!hit) return;
    measures.begun.push(hit.place.clone());
    this.app.placed(measures.begun.length);
    if (measures.begun.length === 3) {
      this.app.send({ type: "plane", layer: hit.layer.name, points: measures.begun.map((place) => place.toArray()) });
      measures.begun = [];
    }
    this.app.stage.invalidate();
  }

  takeBack(): number | null {
    return this.app.measures.takeBack();
  }

  back(): boolean {
    const began = this.app.measures.begun.length > 0;
    this.app.measures.begun = [];
    this.app.stage.invalidate();
    return began;
  }

  stop(): void {
    this.back();
  }

  finish(): boolean {
    if (!this.app.guides.canConfirm) return false;
    this.app.send({ type: "plane_confirm" });
    return true;
  }

  options(): Node[] {
    return this.app.guides.canConfirm
      ? [button(this.app, { label: "confirm_plane", style: "sts-primary", run: () => this.finish() })]
      : [];
  }
}
