// Where a label finds room among those that are there.
//
// Rules owned here:
// - A label keeps its place where that is free; else it goes down to the first line that is.

export interface Box {
  x: number;
  y: number; // of its lower edge
  width: number;
  height: number;
}

function cover(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y - a.height < b.y && b.y - b.height < a.y;
}

/** The box itself, or lower by as much as it takes to cover none of the others. */
export function freePlace(box: Box, others: readonly Box[]): Box {
  let free = box;
  for (let met = others.find((other) => cover(free, other)); met; met = others.find((other) => cover(free, other)))
    free = { ...free, y: met.y + free.height };
  return free;
}
