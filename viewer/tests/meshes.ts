// Small meshes for the tests.

/** A flat grid of two faces per cell, facing +z. */
export function sheet(columns: number, rows: number): { vertices: Float32Array; faces: Uint32Array } {
  const vertices: number[] = [], faces: number[] = [];
  for (let y = 0; y <= rows; y++) for (let x = 0; x <= columns; x++) vertices.push(x, y, 0);
  const at = (x: number, y: number) => y * (columns + 1) + x;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      faces.push(at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y), at(x + 1, y + 1), at(x, y + 1));
    }
  }
  return { vertices: Float32Array.from(vertices), faces: Uint32Array.from(faces) };
}
