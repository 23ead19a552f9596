import assert from "node:assert/strict";
import { test } from "node:test";
import { uploadInParts } from "../src/uploads.ts";

/** A context that keeps what it is handed, and whose memory that was. */
function context() {
  const held = { bytes: new Uint8Array(0), handed: new Set<ArrayBufferLike>(), calls: 0 };
  const gl = {
    bufferData: (_target: number, size: number) => { held.bytes = new Uint8Array(size); },
    bufferSubData: (_target: number, from: number, data: Uint8Array) => {
      held.calls++;
      held.handed.add(data.buffer);
      held.bytes.set(data, from);
    },
  };
  uploadInParts(gl as unknown as WebGL2RenderingContext);
  return { gl: gl as unknown as WebGL2RenderingContext, held };
}

for (const count of [0, 1, 1000, 65536, 65537, 300001]) {
  test(`${count} numbers arrive in parts, and their array is never handed over`, () => {
    const { gl, held } = context(), numbers = Uint32Array.from({ length: count + 2 }, (_, i) => 7 * i).subarray(2);
    gl.bufferData(1, numbers, 2);
    assert.deepEqual(held.bytes, new Uint8Array(numbers.buffer, 8, 4 * count));
    assert.ok(!held.handed.has(numbers.buffer));
    assert.equal(held.calls, Math.ceil((4 * count) / 2 ** 18));
  });
}

test("a range goes where it belongs", () => {
  const { gl, held } = context(), numbers = Float32Array.from({ length: 200000 }, (_, i) => i);
  gl.bufferData(1, numbers, 2);
  numbers.fill(-1);
  gl.bufferSubData(1, 4 * 70000, numbers, 70000, 90000);
  const now = new Float32Array(held.bytes.buffer);
  assert.deepEqual([now[69999], now[70000], now[159999], now[160000]], [69999, -1, -1, 160000]);
});

test("a size alone makes room", () => {
  const { gl, held } = context();
  gl.bufferData(1, 12, 2);
  assert.equal(held.bytes.length, 12);
});
