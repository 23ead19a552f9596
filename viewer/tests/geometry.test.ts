import assert from "node:assert/strict";
import { test } from "node:test";
import { Box3, Vector3 } from "three";
import { findBorders, openEdges, rimLength, uniqueEdges } from "../src/borders.ts";
import { directionsOf, OrbitCamera, turnTowards, VIEW_NAMES } from "../src/camera.ts";
import { areaOf, distanceToSegment, isInside, polygonMask, roundLength, type Pixel } from "../src/drawn_shapes.ts";
import { angleDegrees, distance, sectionOutline } from "../src/sections.ts";
import { SlotMesh } from "../src/slots.ts";
import { sheet } from "./meshes.ts";

const close = (a: number, b: number, within = 1e-6) => assert.ok(Math.abs(a - b) <= within, `${a} is not ${b}`);

test("a sheet has one border as long as its outline", () => {
  const { vertices, faces } = sheet(5, 4);
  const borders = findBorders(faces, faces.length / 3, vertices.length / 3);
  assert.equal(borders.loops.length, 1);
  close(rimLength(borders.loops[0], vertices), 18);
});

test("a wire frame has every edge of a living face once, however the faces are wound", () => {
  const pairs = (edges: Uint32Array) =>
    Array.from({ length: edges.length / 2 }, (_, i) => `${edges[2 * i]}-${edges[2 * i + 1]}`).sort();
  const { vertices, faces } = sheet(3, 2);
  const expected = new Set<string>();
  for (let at = 0; at < faces.length; at++) {
    const a = faces[at], b = faces[at % 3 === 2 ? at - 2 : at + 1];
    expected.add(`${Math.min(a, b)}-${Math.max(a, b)}`);
  }
  const turned = faces.slice();
  [turned[3], turned[4]] = [turned[4], turned[3]];
  for (const one of [faces, turned]) {
    assert.deepEqual(pairs(uniqueEdges(one, one.length / 3, vertices.length / 3)), [...expected].sort());
  }
  assert.deepEqual(pairs(uniqueEdges(Uint32Array.of(0, 1, 2, 2, 2, 2), 2, 3)), ["0-1", "0-2", "1-2"], "a dead slot has none");
});

test("an open edge runs as its face does", () => {
  const edges = openEdges(Uint32Array.of(2, 0, 1), 1, 3);
  const pairs = new Set<string>();
  for (let i = 0; i < edges.length; i += 2) pairs.add(`${edges[i]}>${edges[i + 1]}`);
  assert.deepEqual(pairs, new Set(["0>1", "1>2", "2>0"]));
});

test("a removed cell is a hole of its own", () => {
  const { vertices, faces } = sheet(5, 4), mesh = new SlotMesh(vertices, faces, null, Uint32Array.of(12, 13));
  const { loops } = findBorders(mesh.index, mesh.faceCount, mesh.vertexCount);
  assert.deepEqual(loops.map((loop) => loop.length).sort((a, b) => a - b), [4, 18]);
});

test("the hub of a wide fan is no border", () => {
  const count = 300, faces: number[] = [];
  for (let i = 0; i < count; i++) faces.push(0, 1 + i, 1 + ((i + 1) % count));
  assert.equal(openEdges(Uint32Array.from(faces), count, count + 1).length, 2 * count);
});

test("a mask holds the pixels whose middle is inside", () => {
  const mask = polygonMask([[2, 1], [6, 1], [6, 4], [2, 4]], 10, 6);
  assert.equal(mask.reduce((sum, one) => sum + one, 0), 12);
  assert.equal(mask[1 * 10 + 2], 1);
  assert.equal(mask[4 * 10 + 2], 0);
});

test("a lasso that leaves the canvas is cut off", () => {
  const mask = polygonMask([[-50, -50], [500, -50], [500, 500], [-50, 500]], 8, 8);
  assert.equal(mask.reduce((sum, one) => sum + one, 0), 64);
});

test("plane geometry", () => {
  const square: Pixel[] = [[0, 0], [4, 0], [4, 4], [0, 4]];
  close(areaOf(square), 16);
  assert.ok(isInside(1, 1, square) && !isInside(5, 1, square));
  close(distanceToSegment(2, 3, [0, 0], [4, 0]), 3);
  close(distanceToSegment(7, 4, [0, 0], [4, 0]), 5);
  assert.deepEqual([0.7, 3, 49, 100].map(roundLength), [0.5, 2, 20, 100]);
});

test("angles and distances in closed form", () => {
  close(angleDegrees([1, 0, 0], [0, 0, 0], [0, 2, 0]), 90);
  close(angleDegrees([1, 0, 0], [0, 0, 0], [1, 1, 0]), 45);
  close(distance([0, 0, 0], [2, 3, 6]), 7);
});

test("a section through a sheet is as long as the sheet is wide", () => {
  const { vertices, faces } = sheet(5, 4);
  const outline = sectionOutline(new SlotMesh(vertices, faces), [0, 1, 0], 1.5);
  let sum = 0;
  for (let i = 0; i < outline.length; i += 6) {
    close(outline[i + 1], 1.5);
    sum += Math.hypot(outline[i] - outline[i + 3], outline[i + 1] - outline[i + 4]);
  }
  close(sum, 5);
});

test("record views look from where their names say", () => {
  const lower = { occlusal: new Vector3(0, 0, 1), frontal: new Vector3(0, -1, 0), upper: false };
  const from = (name: (typeof VIEW_NAMES)[number]) => directionsOf(name, lower).toward.toArray().map((v) => Math.round(v) + 0);
  assert.deepEqual(from("occlusal"), [0, 0, 1]);
  assert.deepEqual(from("frontal"), [0, -1, 0]);
  // Facing -y with +z up, the patient's right hand is at -x, as on the reader's left.
  assert.deepEqual(from("right"), [-1, 0, 0]);
  assert.deepEqual(from("left"), [1, 0, 0]);
  assert.ok(directionsOf("lingual", lower).toward.y > 0.5);
});

test("an upper arch is seen from below with its front teeth up", () => {
  const upper = { occlusal: new Vector3(0, 0, -1), frontal: new Vector3(0, -1, 0), upper: true };
  const { toward, up } = directionsOf("occlusal", upper);
  assert.deepEqual(toward.toArray().map((v) => v + 0), [0, 0, -1]);
  assert.deepEqual(up.toArray().map((v) => v + 0), [0, -1, 0]);
  assert.deepEqual(directionsOf("frontal", upper).up.toArray().map((v) => v + 0), [0, 0, 1]);
});

test("zooming keeps the place under the pointer", () => {
  const camera = new OrbitCamera(() => undefined);
  camera.resize(800, 600);
  camera.setBounds(new Box3(new Vector3(-30, -30, -10), new Vector3(30, 30, 10)));
  camera.jump({ target: new Vector3(1, 2, 3), turn: turnTowards(new Vector3(1, 1, 1), new Vector3(0, 0, 1)), height: 60 });
  for (const perspective of [false, true]) {
    camera.perspective = perspective;
    camera.update();
    // A place at the depth of the target: in perspective only those stay.
    const place = camera.place.target.clone().addScaledVector(camera.axis(1, 0, 0), 9).addScaledVector(camera.axis(0, 1, 0), -7);
    const before = place.clone().project(camera.camera);
    camera.zoom(0.5, ((before.x + 1) / 2) * 800, ((1 - before.y) / 2) * 600);
    camera.update();
    const after = place.clone().project(camera.camera);
    close(after.x, before.x, 1e-4);
    close(after.y, before.y, 1e-4);
  }
});

test("everything is in the picture after fit", () => {
  const camera = new OrbitCamera(() => undefined), box = new Box3(new Vector3(-30, -20, -10), new Vector3(30, 20, 10));
  camera.resize(900, 500);
  camera.setBounds(box);
  for (const perspective of [false, true]) {
    camera.perspective = perspective;
    camera.jump(camera.fitted(turnTowards(new Vector3(1, -2, 1.5), new Vector3(0, 0, 1))));
    camera.update();
    for (let corner = 0; corner < 8; corner++) {
      const place = new Vector3(corner & 1 ? 30 : -30, corner & 2 ? 20 : -20, corner & 4 ? 10 : -10).project(camera.camera);
      assert.ok(Math.abs(place.x) < 1 && Math.abs(place.y) < 1 && Math.abs(place.z) < 1);
    }
  }
});
