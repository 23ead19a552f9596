// Memory that is needed for a moment: given back now, not when the browser collects garbage.
//
// A mesh of 200,000 faces leaves 10 MB behind otherwise (message, sums of normals, boxes of the tree),
// which the page's process keeps for minutes.

/** Give the memory of an array back at once; it is empty from then on. */
export function release(array: ArrayBufferView | ArrayBuffer): void {
  const buffer = (array instanceof ArrayBuffer ? array : array.buffer) as ArrayBuffer & { transfer?: (length: number) => ArrayBuffer };
  if (buffer.byteLength) buffer.transfer?.(0); // where the browser is too old for it, garbage collection does it
}
