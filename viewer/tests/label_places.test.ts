import assert from "node:assert/strict";
import { test } from "node:test";
import { freePlace, type Box } from "../src/label_places.ts";

const box = (x: number, y: number, width = 40): Box => ({ x, y, width, height: 10 });

test("a label with room stays where it is", () => {
  assert.deepEqual(freePlace(box(0, 0), []), box(0, 0));
  assert.deepEqual(freePlace(box(0, 0), [box(40, 0), box(0, 10), box(0, -10)]), box(0, 0));
});

test("a label goes below what it would cover, and below what is there", () => {
  assert.equal(freePlace(box(5, 3), [box(0, 0)]).y, 10);
  assert.equal(freePlace(box(5, 3), [box(0, 0), box(30, 12)]).y, 22);
  assert.equal(freePlace(box(5, -3), [box(0, 0)]).y, 10);
});

test("many labels at one place stand one below the other", () => {
  const placed: Box[] = [];
  for (let i = 0; i < 6; i++) placed.push(freePlace(box(i, 0), placed));
  assert.deepEqual(placed.map(({ y }) => y), [0, 10, 20, 30, 40, 50]);
});

test("a label goes up where it would leave the picture", () => {
  assert.equal(freePlace(box(0, 0), [], -5).y, -5);
  assert.equal(freePlace(box(0, 0), [box(0, 0)], 10).y, 10);
  assert.equal(freePlace(box(0, 0), [box(0, 0)], 9).y, -10);
  assert.equal(freePlace(box(0, 0), [box(0, 0), box(0, -10)], 9).y, -20);
});
