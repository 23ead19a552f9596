// Undo and redo at once: the page takes back what it still holds, Python's delta confirms it.
//
// Rules owned here:
// - Python stays the owner of the mesh and of the history. What is shown ahead of it is a guess: a delta
//   that is the same confirms it and is not applied again; anything else takes it back first.
// - One guess at a time, and only where Python's last word on the history came after its last step, so
//   that the step it would take back is known. Else the page waits, as for every other change.
// - Small steps are held, the last ones; a larger one, a note or a plane in between empties the list.
import type { App } from "./app.ts";
import type { Layer } from "./layer.ts";
import type { How } from "./shared_meshes.ts";
import type { Change, Delta } from "./slots.ts";

const MOST_BYTES = 2 ** 20; // of all steps held; choice, not fact: a filled hole takes some kB

export type Way = "undo" | "redo";

/** What a step changes: a layer. */
export interface Changed {
  apply(delta: Delta, key: string, how: How): Change;
}

interface Step<L> {
  layer: L;
  forth: Delta;
  back: Delta;
  bytes: number;
}

export class StepsAhead<L extends Changed> {
  private done: Step<L>[] = [];
  private undone: Step<L>[] = [];
  private guess: { step: Step<L>; way: Way } | null = null;
  private isSettled = false; // Python named the history after its last change
  private hasChanged = false; // a step came since it did
  private count = 0;

  /** Do it on the page; the layer that changed, or null where Python must be waited for. */
  take(way: Way): L | null {
    const step = (way === "undo" ? this.done : this.undone).at(-1);
    if (!this.isSettled || this.guess || !step) return null;
    this.isSettled = false;
    this.guess = { step, way };
    this.apply(step, way);
    return step.layer;
  }

  /** Something was asked of Python that will change the history. */
  wait(): void {
    this.isSettled = false;
  }

  /** Python's delta: true where the page shows it already. */
  confirms(layer: L, delta: Delta): boolean {
    const { guess } = this;
    if (!guess || guess.step.layer !== layer || !isSame(delta, deltaOf(guess.step, guess.way))) return false;
    this.guess = null;
    this.follow(layer, delta);
    return true;
  }

  /** Take a guess back that was wrong; the layer that changed. */
  drop(): L | null {
    const { guess } = this;
    if (!guess) return null;
    this.guess = null;
    this.apply(guess.step, guess.way === "undo" ? "redo" : "undo");
    this.clear();
    return guess.step.layer;
  }

  /** Remember a step that Python made, was told to take back or to do again; `delta` may go afterwards. */
  learn(layer: L, delta: Delta, inverse: Delta): void {
    if (this.follow(layer, delta)) return;
    const cuts = delta.vertexCount !== null || delta.faceCount !== null, bytes = bytesOf(delta) + bytesOf(inverse);
    this.undone = [];
    if (cuts || bytes > MOST_BYTES) this.done = []; // an undo of something not held, or too much to hold
    else this.done.push({ layer, forth: copied(delta), back: copied(inverse), bytes });
    let held = this.done.reduce((sum, step) => sum + step.bytes, 0);
    while (held > MOST_BYTES) held -= this.done.shift()!.bytes;
  }

  /** Python named the history: what it does not offer is not held. Returns the layer of a guess taken back. */
  named(undo: string | null, redo: string | null): L | null {
    const layer = this.drop();
    if (!this.hasChanged) this.clear(); // a step of another kind, such as a note
    this.hasChanged = false;
    this.isSettled = true;
    if (undo === null) this.done = [];
    if (redo === null) this.undone = [];
    return layer;
  }

  /** Hold nothing: another mesh is coming, or the kernel is gone. */
  clear(): void {
    this.done = [];
    this.undone = [];
    this.guess = null;
    this.isSettled = false;
  }

  /** Move a step that is held from one list to the other. */
  private follow(layer: L, delta: Delta): boolean {
    this.hasChanged = true;
    this.isSettled = false;
    const cuts = delta.vertexCount !== null || delta.faceCount !== null;
    const [from, to] = cuts ? [this.done, this.undone] : [this.undone, this.done];
    const step = from.at(-1);
    if (step?.layer !== layer || !isSame(delta, cuts ? step.back : step.forth)) return false;
    from.pop();
    to.push(step);
    return true;
  }

  private apply(step: Step<L>, way: Way): void {
    step.layer.apply(deltaOf(step, way), `ahead ${++this.count}`, "keep");
  }
}

/** Ask Python to take a step back or to do it again, and show it at once where the page holds it. */
export function askForStep(app: App, way: Way): void {
  const start = performance.now();
  app.send({ type: way });
  const layer = app.preview || app.isWaiting || !app.isOnlyView ? null : app.ahead.take(way);
  if (!layer) return app.ahead.wait();
  follow(app, layer);
  app.stage.draw();
  performance.measure("stsbench:ahead", { start, end: performance.now() });
}

/** A layer's mesh changed: what is drawn from it follows. */
export function follow(app: App, layer: Layer | null): void {
  if (!layer) return;
  app.rims.forget(layer);
  app.tools.active.leave?.(); // what was lit under the pointer may be gone
  app.selection.follow(layer);
  if (app.maps.hasEdits) app.maps.drawEdits(layer);
  if (app.stage.clips) app.section.update();
  app.stage.measure();
}

function deltaOf<L>(step: Step<L>, way: Way): Delta {
  return way === "undo" ? step.back : step.forth;
}

const ARRAYS = ["removed", "revived", "vertices", "faces", "colours", "moved", "movedTo"] as const;

function bytesOf(delta: Delta): number {
  return ARRAYS.reduce((sum, name) => sum + (delta[name]?.byteLength ?? 0), 0);
}

function copied(delta: Delta): Delta {
  const { removed, revived, vertices, faces, colours, moved, movedTo } = delta;
  return {
    ...delta, removed: removed.slice(), revived: revived.slice(), vertices: vertices.slice(), faces: faces.slice(),
    colours: colours?.slice() ?? null, moved: moved.slice(), movedTo: movedTo.slice(),
  };
}

function isSame(a: Delta, b: Delta): boolean {
  if (a.vertexCount !== b.vertexCount || a.faceCount !== b.faceCount) return false;
  return ARRAYS.every((name) => {
    const one = a[name] ?? [], other = b[name] ?? [];
    return one.length === other.length && (one as Uint32Array).every((value, i) => value === other[i]);
  });
}
