import assert from "node:assert/strict";
import { test } from "node:test";
import { Matrix4, OrthographicCamera, Vector3 } from "three";
import { polygonMask } from "../src/drawn_shapes.ts";
import { componentOf, facesInLasso, grown, inverted, maskOf, shrunk, slotsOf } from "../src/face_sets.ts";
import { Picking } from "../src/picking.ts";
import { SlotMesh } from "../src/slots.ts";
import { sheet } from "./meshes.ts";

function make() {
  const { vertices, faces } = sheet(6, 6);
  return new SlotMesh(vertices, faces);
}

test("grow adds the ring of faces around, shrink takes it away again", () => {
  const mesh = make(), middle = maskOf(mesh, [28, 29]);
  const larger = grown(mesh, middle);
  assert.equal(slotsOf(larger).length, 16, "three cells by three, but for two far corners");
  assert.deepEqual([...slotsOf(shrunk(mesh, larger))], [28, 29]);
});

test("invert twice is nothing", () => {
  const mesh = make(), mask = maskOf(mesh, [1, 5, 9]);
  assert.equal(slotsOf(inverted(mesh, mask)).length, 69);
  assert.deepEqual(inverted(mesh, inverted(mesh, mask)), mask);
});

test("dead slots are never chosen", () => {
  const { vertices, faces } = sheet(6, 6);
  const mesh = new SlotMesh(vertices, faces, null, Uint32Array.of(30));
  assert.equal(maskOf(mesh, [30])[30], 0);
  assert.equal(inverted(mesh, maskOf(mesh, []))[30], 0);
  assert.equal(grown(mesh, maskOf(mesh, [28, 29]))[30], 0);
});

test("a piece ends where no face goes on", () => {
  const one = sheet(2, 2), two = sheet(3, 1);
  const vertices = Float32Array.from([...one.vertices, ...two.vertices.map((v, i) => (i % 3 === 2 ? v + 5 : v))]);
  const faces = Uint32Array.from([...one.faces, ...two.faces.map((v) => v + one.vertices.length / 3)]);
  const mesh = new SlotMesh(vertices, faces);
  assert.equal(slotsOf(componentOf(mesh, 0)).length, 8);
  assert.deepEqual([...slotsOf(componentOf(mesh, 10))], [8, 9, 10, 11, 12, 13]);
});

/** Two sheets, the upper one over the left half of the lower one, seen from above. */
function seen(through: boolean, flipped = false) {
  const low = sheet(6, 6), high = sheet(3, 6), shift = low.vertices.length / 3;
  const vertices = Float32Array.from([...low.vertices, ...high.vertices.map((v, i) => (i % 3 === 2 ? v + 2 : v))]);
  let faces = Uint32Array.from([...low.faces, ...high.faces.map((v) => v + shift)]);
  if (flipped) faces = faces.map((_, i) => faces[i - (i % 3) + [0, 2, 1][i % 3]]);
  const mesh = new SlotMesh(vertices, faces), camera = new OrthographicCamera(-1, 7, 7, -1, 0, 20);
  camera.position.set(0, 0, 10);
  camera.updateMatrixWorld();
  const view = {
    matrix: new Matrix4().multiplyMatrices(camera.projectionMatrix, camera.matrixWorldInverse), width: 160, height: 160,
    mask: polygonMask([[2, 2], [158, 2], [158, 158], [2, 158]], 160, 160), toward: new Vector3(0, 0, 1), eye: null,
  };
  return slotsOf(facesInLasso(mesh, view, through, new Picking(mesh)));
}

test("a lasso takes what is in sight", () => {
  const chosen = new Set(seen(false));
  assert.equal([...chosen].filter((slot) => slot >= 72).length, 36, "all of the upper sheet");
  assert.ok(!chosen.has(0), "hidden below it");
  assert.ok(chosen.has(2 * 5), "beside it");
});

test("a lasso through takes what is hidden too", () => {
  assert.equal(seen(true).length, 72 + 36);
});

test("faces turned away are not in sight", () => {
  assert.equal(seen(false, true).length, 0);
});
