// Arrays on their way to the graphics card, in parts that all go through one small buffer.
//
// Rules owned here:
// - The graphics context never sees an array of a mesh. The browser keeps the memory of every array it
//   was handed until it collects garbage, even when it was given back (scratch.ts): 4.8 MB of a closed
//   case of 200,000 faces. It also grows the memory it shares with the graphics process to the
//   largest piece it was ever handed, 4 MB.

const PART = 1 << 18; // bytes; a mesh of 200,000 faces goes up in 20
const part = new Uint8Array(PART);

type Upload = (target: number, from: number, data: ArrayBufferView, first?: number, count?: number) => void;

/** Make a context take its buffers in parts. */
export function uploadInParts(gl: WebGL2RenderingContext): void {
  const make = gl.bufferData.bind(gl) as (target: number, data: number | BufferSource | null, usage: number) => void;
  const fill = gl.bufferSubData.bind(gl) as (target: number, from: number, data: ArrayBufferView) => void;
  const upload: Upload = (target, from, data, first = 0, count = 0) => {
    const width = "BYTES_PER_ELEMENT" in data ? Number(data.BYTES_PER_ELEMENT) : 1;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const end = count ? (first + count) * width : bytes.length;
    for (let at = first * width; at < end; at += PART) {
      const piece = bytes.subarray(at, Math.min(at + PART, end));
      part.set(piece);
      fill(target, from + at - first * width, part.subarray(0, piece.length));
    }
  };
  Object.assign(gl, {
    bufferSubData: upload,
    bufferData: (target: number, data: number | BufferSource | null, usage: number) => {
      if (!ArrayBuffer.isView(data)) return make(target, data, usage);
      make(target, data.byteLength, usage);
      upload(target, 0, data);
    },
  });
}
