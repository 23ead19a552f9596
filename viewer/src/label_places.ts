// Where a label finds room among those that are there.
//
// Rules owned here:
// - A label keeps its place where that is free; else it goes down to the first line that is.
// - Where that would be below the lower edge of the picture, it goes up to the first line that is free.

export interface Box {
  x: number;
  y: number; // of its lower edge
  width: number;
  height: number;
}

function cover(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y - a.height < b.y && b.y - b.height < a.y;
}

/** The box itself, or lower by as much as it takes to cover none of the others; higher near the lower edge. */
export function freePlace(box: Box, others: readonly Box[], lowest = Infinity): Box {
  const start = { ...box, y: Math.min(box.y, lowest) };
  const down = moved(start, others, (met) => met.y + box.height);
  return down.y <= lowest ? down : moved(start, others, (met) => met.y - met.height);
}

/** Move a box from one that it covers to the next place, until it covers none. */
function moved(box: Box, others: readonly Box[], next: (met: Box) => number): Box {
  let free = box;
  for (let met = others.find((other) => cover(free, other)); met; met = others.find((other) => cover(free, other)))
    free = { ...free, y: next(met) };
  return free;
}
