import assert from "node:assert/strict";
import { test } from "node:test";
import { OwnHistory } from "../src/own_history.ts";

const NONE = { undo: null, redo: null };

test("what came last goes first, here or at Python's", () => {
  const own = new OwnHistory<string>();
  own.add("before");
  own.follow(); // a step
  own.add("after");
  const step = { undo: "fill", redo: null };
  assert.equal(own.undo(step), "after");
  assert.equal(own.undo(step), null, "the step is next");
  own.follow();
  assert.equal(own.undo({ undo: null, redo: "fill" }), "before");
  assert.equal(own.canUndo, false);
  assert.equal(own.undo(NONE), null);
  assert.equal(own.redo({ undo: null, redo: "fill" }), "before");
  assert.equal(own.redo({ undo: null, redo: "fill" }), null, "the step is next");
  own.follow();
  assert.equal(own.redo({ undo: "fill", redo: null }), "after");
  assert.equal(own.canRedo, false);
});

test("a new thing forgets what was taken back", () => {
  const own = new OwnHistory<string>();
  own.add("a");
  own.undo(NONE);
  own.add("b");
  assert.equal(own.redo(NONE), null);
  assert.equal(own.undo(NONE), "b");
});

test("what went another way is neither taken back nor put again", () => {
  const own = new OwnHistory<string>();
  for (const thing of ["a", "b", "c"]) own.add(thing);
  own.undo(NONE);
  own.forget((thing) => thing !== "a");
  assert.equal(own.redo(NONE), null);
  assert.equal(own.undo(NONE), "a");
});
