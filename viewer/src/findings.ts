// Findings: markers and loops in place, and what the list shows. Those to review come first.
//
// Rules owned here:
// - What asks nothing of anyone has a small marker: hundreds of mended faces never hide the scan, or what matters.
// - A section takes the markers of what lies before it out of sight as well.
import { BufferAttribute, BufferGeometry, Points, ShaderMaterial, Vector3, Vector4 } from "three";
import type { App } from "./app.ts";
import { Lines } from "./lines.ts";
import { turnOnto } from "./looking.ts";
import { plainColour } from "./material.ts";
import { toothName } from "./teeth.ts";
import type { Finding } from "./wire.ts";

/** Told apart with red-green blindness (Okabe and Ito); a list and a number say the same. */
export const KIND_COLOURS: Record<string, number> = {
  hole: 0xd55e00, border: 0x5a6b7b, island: 0x8a4b1a, spike: 0xe69f00, fold: 0xcc79a7,
  self_intersection: 0x009e73, non_manifold_edge: 0x0072b2, non_manifold_vertex: 0x3a93cf,
  degenerate_face: 0xb3a200, duplicate_face: 0x808080, duplicate_vertex: 0x9a9a9a,
  flipped_winding: 0x56b4e9, not_orientable: 0x4b5fb0, double_layer: 0xa05bc0,
  stitching_step: 0x00a0a8, unit_suspect: 0x606060, model_invalid: 0xb00020,
};
const NEAREST_MM = 12; // of the picture's height: about a tooth stays in sight
const RANK: Record<string, number> = { hold: 0, review: 1, note: 2 };
const MARKER_PIXELS = 13;
const NOTE_PART = 0.5; // of a marker's size

export function kindColour(kind: string): number {
  return KIND_COLOURS[kind] ?? 0x606060;
}

export function cssColour(hex: number): string {
  return `#${hex.toString(16).padStart(6, "0")}`;
}

/** Numbered ones first, in their order; then to review, by kind and size, largest first; equal ones keep their order. */
export function reviewFirst(findings: Finding[]): Finding[] {
  const rank = (finding: Finding) => RANK[finding.severity] ?? 2;
  const place = ({ number }: Finding) => number ?? Number.MAX_SAFE_INTEGER;
  return findings
    .map((finding, i) => ({ finding, i }))
    .sort((a, b) =>
      place(a.finding) - place(b.finding) || rank(a.finding) - rank(b.finding) ||
      (a.finding.kind < b.finding.kind ? -1 : a.finding.kind > b.finding.kind ? 1 : 0) ||
      b.finding.size_mm - a.finding.size_mm || a.i - b.i)
    .map(({ finding }) => finding);
}

const VERTEX = `
attribute vec3 tint;
attribute float part;
uniform float pixels;
uniform vec4 clip;
uniform float clips;
varying vec3 vTint;
varying float vGone;
void main() {
  vTint = tint;
  vGone = clips > 0.5 && dot(clip.xyz, position) > clip.w ? 1.0 : 0.0;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
  gl_PointSize = pixels * part;
}`;
const FRAGMENT = `
uniform float opacity;
varying vec3 vTint;
varying float vGone;
void main() {
  if (vGone > 0.5) discard;
  float r = 2.0 * length(gl_PointCoord - 0.5);
  if (r > 1.0) discard;
  gl_FragColor = vec4(r > 0.68 ? vec3(1.0) : vTint, opacity);
}`;

export class Findings {
  list: Finding[] = [];
  current = -1;
  shown = true;
  private hiddenKinds = new Set<string>();
  private readonly byLayer = new Map<string, Finding[]>();
  private readonly lines = new Lines({ colour: 0xffffff, width: 3, hidden: 0.3 });
  private points: Points | null = null;
  private readonly material = new ShaderMaterial({
    vertexShader: VERTEX, fragmentShader: FRAGMENT, transparent: true, depthTest: false, depthWrite: false,
    uniforms: {
      pixels: { value: MARKER_PIXELS }, opacity: { value: 0.95 }, clip: { value: new Vector4() }, clips: { value: 0 },
    },
  });

  constructor(private readonly app: App) {
    app.stage.decorations.add(this.lines.group);
    app.overlay.painters.push((overlay) => {
      const finding = this.list[this.current];
      if (!finding || !this.shown) return;
      const at = overlay.at(new Vector3(...finding.place_mm));
      overlay.dot(at, 13, "sts-ring");
      overlay.label([at[0] + 18, at[1] - 10], `${this.numberOf(this.current)}  ${this.title(finding)}`);
    });
  }

  set(layer: string, items: Finding[]): void {
    this.byLayer.set(layer, items.map((item) => ({ ...item, layer })));
    const id = this.list[this.current]?.id;
    this.list = reviewFirst([...this.byLayer.values()].flat());
    this.current = id === undefined ? -1 : this.list.findIndex((finding) => finding.id === id);
    this.draw();
  }

  drop(layer: string): void {
    this.byLayer.delete(layer);
    this.list = reviewFirst([...this.byLayer.values()].flat());
    this.current = -1;
    this.draw();
  }

  title(finding: Finding): string {
    const words = finding.title || this.app.kindName(finding.kind);
    return finding.tooth ? `${words} · ${toothName(finding.tooth, this.app.notation)}` : words;
  }

  /** What a finding is called by: its number, or its place in the list. */
  numberOf(row: number): number {
    return this.list[row].number ?? row + 1;
  }

  isHidden(kind: string): boolean {
    return this.hiddenKinds.has(kind);
  }

  toggleKind(kind: string): void {
    if (!this.hiddenKinds.delete(kind)) this.hiddenKinds.add(kind);
    this.draw();
  }

  toggle(): void {
    this.shown = !this.shown;
    this.draw();
  }

  step(by: number): void {
    const count = this.list.length;
    if (!count) return;
    let next = this.current < 0 ? (by > 0 ? 0 : count - 1) : (this.current + by + count) % count;
    for (let i = 0; i < count && this.isHidden(this.list[next].kind); i++) next = (next + by + count) % count;
    this.flyTo(next);
  }

  flyTo(number: number): void {
    const finding = this.list[number];
    if (!finding) return;
    this.current = number;
    const { view } = this.app.stage;
    const place = new Vector3(...finding.place_mm);
    view.flyTo({
      target: place,
      turn: turnOnto(view, this.app.layer(finding.layer)?.slots, finding),
      height: Math.min(Math.max(NEAREST_MM, 3.2 * finding.size_mm), 0.8 * this.app.wholeHeight()),
    });
    this.app.announce(`${this.numberOf(number)} / ${this.list.length}: ${this.title(finding)}, ${this.app.sizeText(finding)}`);
    this.app.send({ type: "finding", id: finding.id, layer: finding.layer });
    this.app.refresh();
  }

  /** Draw markers and loops again, after the list or a mesh changed. */
  draw(): void {
    this.points?.geometry.dispose();
    this.points?.removeFromParent();
    this.points = null;
    const shown = this.shown ? this.list.filter((finding) => !this.isHidden(finding.kind) && this.isOn(finding)) : [];
    const places: number[] = [], colours: number[] = [], parts: number[] = [], segments: number[] = [], tints: number[] = [];
    for (const finding of shown.reverse()) { // what matters lies over what does not
      const tint = plainColour(kindColour(finding.kind)).toArray();
      const linear = tint.map((value) => value ** 2.2); // what the line shader takes
      const slots = this.app.layer(finding.layer)?.slots;
      if (finding.loop && slots) {
        for (let i = 0; i < finding.loop.length; i++) {
          for (const vertex of [finding.loop[i], finding.loop[(i + 1) % finding.loop.length]]) {
            for (let k = 0; k < 3; k++) segments.push(slots.positions[3 * vertex + k]);
            tints.push(...linear);
          }
        }
      }
      if (finding.kind !== "border") {
        places.push(...finding.place_mm);
        colours.push(...tint);
        parts.push(finding.severity === "note" ? NOTE_PART : 1);
      }
    }
    this.lines.set(segments, tints);
    if (places.length) {
      const geometry = new BufferGeometry();
      geometry.setAttribute("position", new BufferAttribute(new Float32Array(places), 3));
      geometry.setAttribute("tint", new BufferAttribute(new Float32Array(colours), 3));
      geometry.setAttribute("part", new BufferAttribute(new Float32Array(parts), 1));
      this.points = new Points(geometry, this.material);
      this.points.onBeforeRender = () => {
        const { stage } = this.app, { uniforms } = this.material;
        uniforms.clip.value = stage.clip;
        uniforms.clips.value = stage.clips ? 1 : 0;
        this.material.uniformsNeedUpdate = true;
      };
      this.points.frustumCulled = false;
      this.points.renderOrder = 30;
      this.app.stage.decorations.add(this.points);
    }
    this.material.uniforms.pixels.value = MARKER_PIXELS * this.app.stage.renderer.getPixelRatio();
    this.app.stage.invalidate();
  }

  /** The finding whose marker is nearest to a place of the canvas, within a few pixels. */
  at(x: number, y: number): number {
    let best = -1, least = 11;
    if (!this.shown) return best;
    this.list.forEach((finding, i) => {
      if (this.isHidden(finding.kind) || finding.kind === "border" || !this.isOn(finding)) return;
      const place = new Vector3(...finding.place_mm);
      if (!this.app.stage.isKept(place)) return;
      const [px, py] = this.app.overlay.at(place);
      const away = Math.hypot(px - x, py - y);
      if (away < least) [best, least] = [i, away];
    });
    return best;
  }

  close(): void {
    this.lines.close();
    this.points?.geometry.dispose();
    this.material.dispose();
  }

  private isOn(finding: Finding): boolean {
    return this.app.layer(finding.layer)?.group.visible ?? false;
  }
}
