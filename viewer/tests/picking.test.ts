import assert from "node:assert/strict";
import { test } from "node:test";
import { Ray, Sphere, Vector3 } from "three";
import { Picking } from "../src/picking.ts";
import { emptyDelta, SlotMesh } from "../src/slots.ts";
import { sheet } from "./meshes.ts";

const DOWN = new Vector3(0, 0, -1);
const above = (x: number, y: number) => new Ray(new Vector3(x, y, 5), DOWN);

function make() {
  const { vertices, faces } = sheet(20, 20);
  const mesh = new SlotMesh(vertices, faces), picking = new Picking(mesh);
  const apply = (delta: Partial<ReturnType<typeof emptyDelta>>) => picking.changed(mesh.apply({ ...emptyDelta(), ...delta }));
  return { mesh, picking, apply };
}

test("a ray meets the slot under it", () => {
  const { picking } = make();
  const hit = picking.first(above(3.7, 2.2))!;
  assert.equal(hit.slot, 2 * (2 * 20 + 3));
  assert.ok(Math.abs(hit.place.z) < 1e-6);
});

test("a dead slot lets the ray through, a revived one stops it again", () => {
  const { picking, apply } = make(), slot = picking.first(above(3.7, 2.2))!.slot;
  apply({ removed: Uint32Array.of(slot) });
  assert.equal(picking.first(above(3.7, 2.2)), null);
  apply({ revived: Uint32Array.of(slot) });
  assert.equal(picking.first(above(3.7, 2.2))!.slot, slot);
});

test("what blocks the sight follows the mesh, dead slots and new ones too", () => {
  const { picking, apply } = make(), sees = (x: number, y: number) => !picking.sight()(x, y, 5, 0, 0, -1);
  assert.equal(sees(3.7, 2.2), false);
  assert.equal(picking.sight()(3.7, 2.2, 5, 0, 0, 1), false, "nothing above");
  assert.equal(picking.sight()(3.7, 2.2, 0, 1, 0, 0), false, "within its plane");
  apply({ removed: Uint32Array.of(picking.first(above(3.7, 2.2))!.slot) });
  assert.equal(sees(3.7, 2.2), true);
  apply({ vertices: Float32Array.of(0, 0, 2, 9, 0, 2, 0, 9, 2), faces: Uint32Array.of(441, 442, 443) });
  assert.equal(sees(3.7, 2.2), false, "the new face lies over it");
  assert.equal(sees(25, 2.2), true, "beside everything");
});

test("appended slots are met under their own numbers", () => {
  const { mesh, picking, apply } = make();
  picking.prepare();
  apply({ vertices: Float32Array.of(0, 0, 2, 4, 0, 2, 0, 4, 2), faces: Uint32Array.of(441, 442, 443) });
  const hit = picking.first(above(0.5, 0.5))!;
  assert.equal(hit.slot, 800);
  assert.equal(hit.place.z, 2);
  assert.deepEqual(picking.all(above(0.5, 0.4)).map((one) => one.place.z), [2, 0]);
  apply({ faceCount: 800, vertexCount: 441 });
  assert.equal(mesh.faceCount, 800);
  assert.equal(picking.first(above(0.5, 0.5))!.place.z, 0);
});

test("moved vertices are met where they are now", () => {
  const { picking, apply } = make();
  picking.prepare();
  apply({ moved: Uint32Array.of(22), movedTo: Float32Array.of(1, 1, 4) });
  assert.ok(picking.first(above(1.01, 1.005))!.place.z > 3.9);
});

test("slots revived after a refit are met again", () => {
  const { picking, apply } = make();
  picking.prepare();
  const removed = Uint32Array.from({ length: 400 }, (_, i) => 200 + i);
  apply({ removed });
  apply({ moved: Uint32Array.of(0), movedTo: Float32Array.of(0, 0, 1) });
  assert.equal(picking.first(above(10.7, 10.2)), null);
  apply({ revived: removed });
  for (let cell = 100; cell < 300; cell++) {
    const slot = picking.first(above((cell % 20) + 0.7, Math.floor(cell / 20) + 0.2))?.slot;
    assert.equal(slot, 2 * cell);
  }
});

test("the tree finds what a look at every face finds", () => {
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const count = 1500, vertices = new Float32Array(9 * count);
  for (let face = 0; face < count; face++) {
    const middle = [0, 1, 2].map(() => 20 * random());
    for (let k = 0; k < 9; k++) vertices[9 * face + k] = middle[k % 3] + 2 * random();
  }
  // A thousand more lie at one place: no split parts them.
  const same = new Float32Array(9000).map((_, i) => [30, 30, 5, 31, 30, 5, 30, 31, 5][i % 9]);
  const all = new Float32Array(vertices.length + same.length);
  all.set(vertices);
  all.set(same, vertices.length);
  const more = Uint32Array.from({ length: all.length / 3 }, (_, i) => i);
  const mesh = new SlotMesh(all, more), picking = new Picking(mesh);
  const corner = (slot: number, k: number) => new Vector3().fromArray(mesh.positions, 3 * mesh.index[3 * slot + k]);
  let met = 0;
  for (let i = 0; i < 200; i++) {
    const ray = new Ray(new Vector3(22 * random(), 22 * random(), 40), new Vector3(0.2 * random() - 0.1, 0.2 * random() - 0.1, -1).normalize());
    let least = Infinity;
    for (let slot = 0; slot < mesh.faceCount; slot++) {
      const at = ray.intersectTriangle(corner(slot, 0), corner(slot, 1), corner(slot, 2), false, new Vector3());
      if (at) least = Math.min(least, at.distanceTo(ray.origin));
    }
    const hit = picking.first(ray);
    met += hit ? 1 : 0;
    assert.ok(hit ? Math.abs(hit.distance - least) < 1e-4 : least === Infinity);
    const { origin: o, direction: d } = ray, isBlocked = picking.sight();
    assert.equal(isBlocked(o.x, o.y, o.z, d.x, d.y, d.z), hit !== null);
    assert.equal(isBlocked(o.x, o.y, o.z, -d.x, -d.y, -d.z), false, "all lie on the other side");
  }
  assert.ok(met > 50 && met < 200);
  assert.equal(picking.all(new Ray(new Vector3(30.2, 30.2, 9), DOWN)).length, 1000);
});

test("a sphere holds the slots whose centre lies in it", () => {
  const { mesh, picking } = make(), at = new Vector3(10, 10, 0);
  const found = picking.inside(new Sphere(at, 1.5));
  const expected = Array.from({ length: 800 }, (_, slot) => slot).filter((slot) => {
    const [x, y] = mesh.centre(slot);
    return Math.hypot(x - 10, y - 10) <= 1.5;
  });
  assert.ok(expected.length > 8);
  assert.deepEqual(found.sort((a, b) => a - b), expected);
});
