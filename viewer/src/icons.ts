// Icons: strokes in a box of 24 by 24.
const STROKES: Record<string, string> = {
  undo: "M9 7L4 12l5 5M4 12h10a6 6 0 0 1 6 6",
  redo: "M15 7l5 5-5 5M20 12H10a6 6 0 0 0-6 6",
  save: "M5 4h11l3 3v13H5zM8 4v5h7V4M8 20v-6h8v6",
  occlusal: "M5 19C3 9 7 5 12 5s9 4 7 14M9 19c-1-6 0-9 3-9s4 3 3 9",
  frontal: "M4 8h16M6 8v6c0 2 4 2 4 0V8M14 8v6c0 2 4 2 4 0V8",
  right: "M4 6c6 0 12 2 16 6-4 4-10 6-16 6M4 6v12M12 8v8",
  left: "M20 6C14 6 8 8 4 12c4 4 10 6 16 6M20 6v12M12 8v8",
  lingual: "M4 6c2 9 5 12 8 12s6-3 8-12M8 6c1 5 2 7 4 7s3-2 4-7",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5M9 9h6v6H9z",
  perspective: "M4 5l16 4v6L4 19zM4 5v14M12 7v10",
  colours: "M12 3a9 9 0 1 0 0 18c2 0 1-3 2-4s5 0 6-4c1-6-4-10-8-10zM8 9h.01M13 7h.01M7 14h.01",
  wires: "M12 3l9 16H3zM12 3v16M7.5 11L12 19l4.500-8z",
  glass: "M5 8h9v11H5zM10 4h9v11M10 4v4M14 15h5",
  depth: "M4 18c3-1 3-9 8-9s5 8 8 9M8 18c1-4 2-5 4-5s3 1 4 5",
  section: "M3 12h18M6 12c0-5 3-8 6-8s6 3 6 8M7 15l-2 3M12 15v4M17 15l2 3",
  compare: "M12 3v18M9 8L5 12l4 4M15 8l4 4-4 4",
  deviation: "M5 20V10M10 20V4M15 20v-8M20 20V7",
  edits: "M4 20l4-1L19 8l-3-3L5 16zM14 7l3 3",
  markers: "M12 21c5-6 7-8 7-12a7 7 0 0 0-14 0c0 4 2 6 7 12zM12 11a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  turn: "M12 4a8 8 0 1 0 8 8M20 4v8h-8",
  fill: "M12 4c5 0 8 3 8 8s-3 8-8 8-8-3-8-8 3-8 8-8zM12 8v8M8 12h8",
  fill_below: "M8 7a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM17 5v8M14 10l3 3 3-3M5 18h15",
  lasso: "M12 5c5 0 8 2 8 5s-3 5-8 5-8-2-8-5 3-5 8-5zM8 14c-2 2-1 4 1 4s2 2 0 3",
  brush: "M20 4L10 14M9 13c-4 0-3 5-6 6 5 2 9 0 8-4z",
  piece: "M4 12a4 4 0 1 0 8 0 4 4 0 0 0-8 0zM15 6h6v6h-6zM16 17h4",
  border: "M4 6c3 2 4-2 7 0s4-2 9 0M4 13h16M4 18h16",
  trim_plane: "M3 20L21 4M5 8c3-3 6-4 9-3M19 13c0 3-3 6-8 6",
  trim_curve: "M4 18c4 0 4-10 8-10s4 8 8 2M6 6l4 4M10 6l-4 4",
  distance: "M4 16L16 4l4 4L8 20zM8 12l2 2M11 9l2 2M14 6l2 2",
  angle: "M5 19L17 5M5 19h15M12 11c3 1 4 4 4 8",
  thickness: "M5 4v16M19 4v16M8 12h8M8 12l2-2M8 12l2 2M16 12l-2-2M16 12l-2 2",
  note: "M5 4h14v11h-7l-4 5v-5H5zM8 8h8M8 11h5",
  plane: "M3 15l7-8h11l-7 8zM9 13h.01M13 10h.01M14 13h.01M12 15v5",
  delete: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v6M14 11v6",
  refill: "M12 4c5 0 8 3 8 8s-3 8-8 8M12 4c-5 0-8 3-8 8M8 18l-4-6M12 9v6M9 12h6",
  smooth: "M3 15c3-8 5-8 7-3s4 4 6-1 4-4 5-3M3 20h18",
  grow: "M12 9v6M9 12h6M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4",
  shrink: "M9 12h6M8 4v4H4M20 8h-4V4M16 20v-4h4M4 16h4v4",
  invert: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
  clear: "M6 6l12 12M18 6L6 18",
  previous: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  fill_finding: "M12 4c5 0 8 3 8 8s-3 8-8 8-8-3-8-8 3-8 8-8zM12 8v8M8 12h8",
  select_finding: "M4 4h6M14 4h6v6M20 14v6h-6M10 20H4v-6M4 10V4M9 12l2 2 4-4",
  panel: "M4 5h16v14H4zM14 5v14M16 9h2M16 12h2",
  fullscreen: "M4 10V4h6M14 4h6v6M20 14v6h-6M10 20H4v-6",
  help: "M9 9a3 3 0 1 1 4 3c-1 .5-1 1-1 2M12 18h.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  accept: "M5 12l5 6L19 6",
  reject: "M6 6l12 12M18 6L6 18",
  eye: "M3 12c3-5 6-7 9-7s6 2 9 7c-3 5-6 7-9 7s-6-2-9-7zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
};

export function icon(name: string): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "sts-icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", STROKES[name] ?? "");
  svg.append(path);
  return svg;
}

export function hasIcon(name: string): boolean {
  return name in STROKES;
}
