// Memory that is needed for a moment: given back now, not when the browser collects garbage.
//
// A mesh of 200,000 faces leaves 10 MB behind otherwise (message, sums of normals, boxes of the tree),
// which the page's process keeps for minutes.

/** Give the memory of an array back at once; it is empty from then on. */
export function release(array: ArrayBufferView | ArrayBuffer): void {
  const buffer = (array instanceof ArrayBuffer ? array : array.buffer) as ArrayBuffer & { transfer?: (length: number) => ArrayBuffer };
  if (buffer.byteLength) buffer.transfer?.(0); // where the browser is too old for it, garbage collection does it
}

const PRESSURE = 192e6; // bytes; 64 to 160 million more than it holds make a browser look what it can collect

/**
 * Make the browser collect what a mesh left behind that cannot be given back by hand: JupyterLab's
 * message as it came, nodes of the page. It does so by itself only after minutes; until then a case
 * that was closed still lies in memory. Asking for memory and returning it, untouched, is the only word
 * a page has for it: 1 to 15 ms, and the rest beside the page's own work.
 */
export function askToCollect(): void {
  const start = performance.now();
  try {
    release(new ArrayBuffer(PRESSURE));
  } catch {
    // so little memory is left that the browser collects by itself
  }
  performance.measure("stsbench:collect", { start, end: performance.now() });
}
