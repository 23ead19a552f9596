import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyDelta, SlotMesh, type Delta } from "../src/slots.ts";
import { StepsAhead } from "../src/steps_ahead.ts";
import { sheet } from "./meshes.ts";

const FILL: Delta = { ...emptyDelta(), removed: Uint32Array.of(3), vertices: Float32Array.of(1, 1, 2), faces: Uint32Array.of(0, 1, 20) };
const SMOOTH: Delta = { ...emptyDelta(), moved: Uint32Array.of(6), movedTo: Float32Array.of(1, 1, 0.5) };

/** A page and Python's own copy of the mesh, which decides. */
class Bench {
  readonly page = sheetMesh();
  readonly python = sheetMesh();
  readonly ahead = new StepsAhead<SlotMesh>();
  private readonly done: [Delta, Delta][] = [];
  private readonly undone: [Delta, Delta][] = [];

  use(delta: Delta): void {
    this.done.push([delta, this.python.apply(delta).inverse]);
    this.undone.length = 0;
    this.tell(delta);
  }

  answer(way: "undo" | "redo"): boolean {
    const [from, to] = way === "undo" ? [this.done, this.undone] : [this.undone, this.done];
    const step = from.pop()!, delta = step[way === "undo" ? 1 : 0];
    to.push(step);
    this.python.apply(delta);
    return this.tell(delta);
  }

  /** As messages.ts does; true where the page had shown it. */
  private tell(delta: Delta): boolean {
    const isShown = this.ahead.confirms(this.page, delta);
    if (!isShown) {
      this.ahead.drop();
      this.ahead.learn(this.page, delta, this.page.apply(delta).inverse);
    }
    this.name();
    return isShown;
  }

  name(): void {
    this.ahead.named(this.done.length ? "fill" : null, this.undone.length ? "fill" : null);
  }
}

function sheetMesh(): SlotMesh {
  const { vertices, faces } = sheet(4, 3);
  return new SlotMesh(vertices, faces);
}

function shape(mesh: SlotMesh) {
  const { vertexCount, faceCount } = mesh;
  return [[...mesh.positions.slice(0, 3 * vertexCount)], [...mesh.index.slice(0, 3 * faceCount)], [...mesh.alive.slice(0, faceCount)]];
}

test("a step is taken back and done again before Python answers, and Python's word confirms it", () => {
  const bench = new Bench(), before = shape(bench.page);
  for (const step of [FILL, SMOOTH]) bench.use(step);
  const after = shape(bench.page);
  for (const way of ["undo", "undo", "redo", "redo", "undo"] as const) {
    assert.equal(bench.ahead.take(way), bench.page, way);
    const ahead = shape(bench.page);
    assert.ok(bench.answer(way), "the same delta is not applied again");
    assert.deepEqual(shape(bench.page), ahead);
    assert.deepEqual(shape(bench.page), shape(bench.python));
  }
  assert.ok(bench.ahead.take("undo"));
  bench.answer("undo");
  assert.deepEqual(shape(bench.page), before);
  assert.equal(bench.ahead.take("undo"), null, "nothing is left");
  for (const way of ["redo", "redo"] as const) bench.answer(way);
  assert.deepEqual(shape(bench.page), after, "and without asking the page first");
});

test("one guess at a time: the next waits until Python named the history", () => {
  const bench = new Bench();
  for (const step of [FILL, SMOOTH]) bench.use(step);
  assert.ok(bench.ahead.take("undo"));
  assert.equal(bench.ahead.take("undo"), null);
  bench.answer("undo");
  assert.ok(bench.ahead.take("undo"));
});

const WRONG: [string, (bench: Bench) => void][] = [
  ["another step came first", (bench) => bench.use(FILL)],
  ["Python refused", (bench) => void bench.ahead.drop()],
  ["it was a note that was taken back", (bench) => bench.name()],
];
for (const [name, happens] of WRONG) {
  test(`a guess is taken back where ${name}`, () => {
    const bench = new Bench();
    for (const step of [FILL, SMOOTH]) bench.use(step);
    assert.ok(bench.ahead.take("undo"));
    assert.notDeepEqual(shape(bench.page), shape(bench.python));
    happens(bench);
    assert.deepEqual(shape(bench.page), shape(bench.python));
  });
}

const UNKNOWN: [string, (bench: Bench) => void][] = [
  ["a note stands in between", (bench) => bench.name()],
  ["another change was asked for", (bench) => bench.ahead.wait()],
  ["the kernel or the mesh is gone", (bench) => bench.ahead.clear()],
  ["the step is too large to hold", (bench) => bench.use({ ...emptyDelta(), vertices: new Float32Array(300_000) })],
];
for (const [name, happens] of UNKNOWN) {
  test(`the page waits where ${name}`, () => {
    const bench = new Bench();
    bench.use(FILL);
    happens(bench);
    const before = shape(bench.page);
    assert.equal(bench.ahead.take("undo"), null);
    assert.deepEqual(shape(bench.page), before);
  });
}

test("what is held does not live in the message: its buffers are given back", () => {
  const bench = new Bench(), step = { ...SMOOTH, moved: SMOOTH.moved.slice(), movedTo: SMOOTH.movedTo.slice() };
  bench.use(step);
  bench.ahead.take("undo");
  bench.answer("undo");
  step.moved.fill(0);
  step.movedTo.fill(9);
  assert.ok(bench.ahead.take("redo"));
  assert.equal(bench.page.positions[20], 0.5);
});
