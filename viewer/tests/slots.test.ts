import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyDelta, rangesOf, SlotMesh } from "../src/slots.ts";
import { SharedMesh } from "../src/shared_meshes.ts";
import { sheet } from "./meshes.ts";

function copyOf(mesh: SlotMesh) {
  return {
    positions: mesh.positions.slice(0, 3 * mesh.vertexCount), index: mesh.index.slice(0, 3 * mesh.faceCount),
    shades: mesh.shades.slice(0, 4 * mesh.vertexCount), alive: mesh.alive.slice(0, mesh.faceCount), count: mesh.aliveCount,
  };
}

function make() {
  const { vertices, faces } = sheet(4, 3);
  return new SlotMesh(vertices, faces);
}

test("a removed slot is degenerate and keeps its number", () => {
  const mesh = make();
  const change = mesh.apply({ ...emptyDelta(), removed: Uint32Array.of(5) });
  assert.equal(mesh.index[15], mesh.index[16]);
  assert.equal(mesh.index[16], mesh.index[17]);
  assert.equal(mesh.aliveCount, 23);
  assert.deepEqual([...change.slots], [5]);
  const { faces } = sheet(4, 3);
  mesh.withDead(() => assert.deepEqual([...mesh.index.slice(15, 18)], [...faces.slice(15, 18)], "kept for an undo"));
  assert.equal(mesh.index[15], mesh.index[16]);
});

test("the inverse of a change brings every array back", () => {
  const mesh = make(), before = copyOf(mesh);
  const change = mesh.apply({
    ...emptyDelta(), removed: Uint32Array.of(0, 7), vertices: Float32Array.of(1, 1, 2), faces: Uint32Array.of(0, 1, 20, 1, 2, 20),
    moved: Uint32Array.of(6), movedTo: Float32Array.of(1, 1, 0.5),
  });
  assert.equal(mesh.faceCount, 26);
  assert.deepEqual([...change.added], [24, 25]);
  mesh.apply(change.inverse);
  assert.deepEqual(copyOf(mesh), before);
});

test("normals follow a vertex that moves", () => {
  const mesh = make();
  assert.deepEqual([...mesh.shades.slice(24, 27)], [0, 0, 32767]);
  mesh.apply({ ...emptyDelta(), moved: Uint32Array.of(5), movedTo: Float32Array.of(0, 1, 1) });
  assert.ok(mesh.shades[24] > 5000, "the neighbour of a raised edge leans away from it");
});

test("arrays grow and keep what they held", () => {
  const mesh = make(), many = 4000, vertices = new Float32Array(3 * many).fill(7), faces = new Uint32Array(3 * many);
  for (let i = 0; i < many; i++) faces.set([0, 1, 20 + i], 3 * i);
  const change = mesh.apply({ ...emptyDelta(), vertices, faces });
  assert.ok(change.grown);
  assert.equal(mesh.positions[3], 1);
  assert.equal(mesh.index[3 * (24 + many) - 1], 20 + many - 1);
});

test("ridges are above zero and fissures below", () => {
  // A roof along y: the middle row is raised, then lowered.
  for (const sign of [1, -1]) {
    const { vertices, faces } = sheet(2, 4);
    for (let i = 0; i < vertices.length; i += 3) if (vertices[i] === 1) vertices[i + 2] = sign;
    const mesh = new SlotMesh(vertices, faces);
    assert.ok(sign * mesh.shades[4 * 7 + 3] > 3000);
  }
});

test("dead slots of a mesh that comes from Python stay dead", () => {
  const { vertices, faces } = sheet(2, 2);
  const mesh = new SlotMesh(vertices, faces, null, Uint32Array.of(3));
  assert.equal(mesh.aliveCount, 7);
  mesh.apply({ ...emptyDelta(), revived: Uint32Array.of(3) });
  assert.equal(mesh.aliveCount, 8);
  assert.deepEqual([...mesh.index.slice(9, 12)], [...faces.slice(9, 12)]);
});

const CANNOT = !("transfer" in ArrayBuffer.prototype) && "this Node.js gives no memory back by hand";
test("a mesh that was let go leaves nothing in memory", { skip: CANNOT }, () => {
  const mesh = make(), arrays = [mesh.positions, mesh.index, mesh.shades, mesh.alive];
  const shared = new SharedMesh(mesh).enter().enter();
  shared.picking.prepare();
  shared.leave();
  assert.ok(arrays.every((array) => array.length > 0), "another view shows it");
  shared.leave();
  assert.ok(arrays.every((array) => array.length === 0));
});

test("ranges join over small gaps only", () => {
  assert.deepEqual(rangesOf([1, 2, 3, 9, 11], 0), [[1, 4], [9, 10], [11, 12]]);
  assert.deepEqual(rangesOf([1, 2, 3, 9, 11], 2), [[1, 4], [9, 12]]);
  assert.deepEqual(rangesOf([]), []);
});
