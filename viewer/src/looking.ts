// From where a finding is looked at: along the surface's own direction there.
import { Quaternion, Vector3 } from "three";
import { turnTowards, type OrbitCamera } from "./camera.ts";
import type { SlotMesh } from "./slots.ts";
import type { Finding } from "./wire.ts";

const SEEN_WELL = 0.75; // cosine: then the picture keeps its turn and stays calm

export function turnOnto(view: OrbitCamera, slots: SlotMesh | undefined, finding: Finding): Quaternion {
  const turn = view.place.turn.clone();
  if (!slots) return turn;
  const normal = new Vector3(), own = new Vector3();
  const near = finding.loop ?? [nearestVertex(slots, finding.place_mm)];
  for (const vertex of near) normal.add(own.fromArray(slots.shades, 4 * vertex));
  if (normal.lengthSq() < 1e-6) return turn;
  normal.normalize();
  if (normal.dot(view.axis(0, 0, 1)) > SEEN_WELL) return turn;
  return turnTowards(normal, view.axis(0, 1, 0));
}

function nearestVertex({ positions, vertexCount }: SlotMesh, [x, y, z]: number[]): number {
  let best = 0, least = Infinity;
  for (let vertex = 0, at = 0; vertex < vertexCount; vertex++, at += 3) {
    const away = (positions[at] - x) ** 2 + (positions[at + 1] - y) ** 2 + (positions[at + 2] - z) ** 2;
    if (away < least) [best, least] = [vertex, away];
  }
  return best;
}
