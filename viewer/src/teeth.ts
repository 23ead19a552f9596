// How a tooth is written: FDI (ISO 3950), Universal or Palmer, by setting.

export type Notation = "fdi" | "universal" | "palmer";

const PALMER_CORNER = ["┘", "└", "┌", "┐"]; // upper right, upper left, lower left, lower right

export function toothName(fdi: number, notation: Notation): string {
  const quadrant = Math.floor(fdi / 10), position = fdi % 10, deciduous = quadrant > 4;
  const corner = (quadrant - 1) % 4;
  if (notation === "palmer") {
    const mark = deciduous ? "ABCDE"[position - 1] : String(position);
    return corner === 0 || corner === 3 ? mark + PALMER_CORNER[corner] : PALMER_CORNER[corner] + mark;
  }
  if (notation === "universal") {
    const number = deciduous
      ? [6 - position, 5 + position, 16 - position, 15 + position][corner]
      : [9 - position, 8 + position, 25 - position, 24 + position][corner];
    return deciduous ? "ABCDEFGHIJKLMNOPQRST"[number - 1] : String(number);
  }
  return String(fdi);
}
