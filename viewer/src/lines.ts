// Lines of a width one can see, on the surface and, fainter, through it.
import { Group } from "three";
import { LineMaterial } from "three/examples/jsm/lines/LineMaterial.js";
import { LineSegments2 } from "three/examples/jsm/lines/LineSegments2.js";
import { LineSegmentsGeometry } from "three/examples/jsm/lines/LineSegmentsGeometry.js";

export interface LineLook {
  colour: number;
  width: number; // pixels
  hidden?: number; // opacity of what the surface hides
}

export class Lines {
  readonly group = new Group();
  private geometry: LineSegmentsGeometry | null = null;
  private readonly materials: LineMaterial[];

  constructor(look: LineLook) {
    const shared = { linewidth: look.width, color: look.colour, transparent: true };
    this.materials = [
      new LineMaterial({ ...shared, polygonOffset: true, polygonOffsetFactor: -6, polygonOffsetUnits: -40 }),
    ];
    if (look.hidden) {
      this.materials.push(new LineMaterial({ ...shared, depthTest: false, depthWrite: false, opacity: look.hidden }));
    }
  }

  /** Show segments (x, y, z twice); with colours, red, green, blue from 0 to 1 at both ends. */
  set(segments: ArrayLike<number>, colours?: ArrayLike<number>): void {
    this.group.clear();
    this.geometry?.dispose();
    this.geometry = null;
    if (!segments.length) return;
    this.geometry = new LineSegmentsGeometry();
    this.geometry.setPositions(segments as Float32Array);
    if (colours) this.geometry.setColors(colours as Float32Array);
    this.materials.forEach((material, i) => {
      material.vertexColors = Boolean(colours);
      material.needsUpdate = true;
      const lines = new LineSegments2(this.geometry!, material);
      lines.frustumCulled = false;
      lines.renderOrder = 20 + i;
      this.group.add(lines);
    });
  }

  close(): void {
    this.set([]);
    for (const material of this.materials) material.dispose();
    this.group.removeFromParent();
  }
}

/** Segments between successive places. */
export function pathSegments(places: ArrayLike<number>[], closed = false): number[] {
  const segments: number[] = [];
  for (let i = 0; i + 1 < places.length + (closed && places.length > 2 ? 1 : 0); i++) {
    segments.push(...Array.from(places[i]), ...Array.from(places[(i + 1) % places.length]));
  }
  return segments;
}
