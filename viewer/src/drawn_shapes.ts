// Plane geometry of what is drawn on the canvas: polygons, distances. Pixels, y downwards.

export type Pixel = [number, number];

/** One byte per pixel, 1 inside the polygon (even-odd); scan line by scan line. */
export function polygonMask(polygon: Pixel[], width: number, height: number): Uint8Array {
  const mask = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const middle = y + 0.5, crossings: number[] = [];
    for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
      const [ax, ay] = polygon[i], [bx, by] = polygon[j];
      if (ay > middle !== by > middle) crossings.push(ax + ((bx - ax) * (middle - ay)) / (by - ay));
    }
    crossings.sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const from = Math.max(0, Math.ceil(crossings[i] - 0.5)), to = Math.min(width, Math.ceil(crossings[i + 1] - 0.5));
      if (to > from) mask.fill(1, y * width + from, y * width + to);
    }
  }
  return mask;
}

export function distanceToSegment(x: number, y: number, a: Pixel, b: Pixel): number {
  const dx = b[0] - a[0], dy = b[1] - a[1], square = dx * dx + dy * dy;
  const part = square ? Math.min(1, Math.max(0, ((x - a[0]) * dx + (y - a[1]) * dy) / square)) : 0;
  return Math.hypot(x - a[0] - part * dx, y - a[1] - part * dy);
}

export function isInside(x: number, y: number, polygon: Pixel[]): boolean {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [ax, ay] = polygon[i], [bx, by] = polygon[j];
    if (ay > y !== by > y && x < ax + ((bx - ax) * (y - ay)) / (by - ay)) inside = !inside;
  }
  return inside;
}

export function areaOf(polygon: Pixel[]): number {
  let sum = 0;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    sum += polygon[j][0] * polygon[i][1] - polygon[i][0] * polygon[j][1];
  }
  return Math.abs(sum) / 2;
}

/** A length of 1, 2 or 5 times a power of ten that fits into the room. */
export function roundLength(room: number): number {
  const power = 10 ** Math.floor(Math.log10(room));
  return power * ([5, 2, 1].find((factor) => factor * power <= room) ?? 1);
}
