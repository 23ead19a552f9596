// The clipping plane: what lies before it is taken out of sight, its outline is drawn.
//
// Rules owned here:
// - It faces the viewer when it is switched on and then stays with the scan; a slider moves it.
// - Each layer's outline has a colour of its own: two jaws that meet are told apart.
// - While a plane to trim by is chosen, that plane clips instead: what would go is out of sight.
import { Color, Vector3 } from "three";
import type { App } from "./app.ts";
import { element, slider } from "./fields.ts";
import { Lines } from "./lines.ts";
import { sectionOutline } from "./sections.ts";

const OUTLINE_COLOURS = [0xd5300a, 0x0b4fb5, 0x2b8a3e, 0x862e9c]; // of one layer after the other

export class Section {
  isOn = false;
  private normal = new Vector3(0, 0, 1);
  private offset = 0;
  private cut: { point: Vector3; normal: Vector3 } | null = null;
  private readonly lines = new Lines({ colour: 0xffffff, width: 3 });

  constructor(private readonly app: App) {
    app.stage.decorations.add(this.lines.group);
  }

  toggle(): void {
    this.isOn = !this.isOn;
    if (this.isOn) this.face();
    this.update();
  }

  /** Turn the plane towards the viewer, through the middle of the picture. */
  face(): void {
    this.normal = this.app.stage.view.axis(0, 0, 1);
    this.offset = this.normal.dot(this.app.stage.view.place.target);
    this.update();
  }

  move(mm: number): void {
    this.offset += mm;
    this.update();
  }

  /** Clip by a plane somebody is about to trim by; null gives the section back. */
  setCut(cut: { point: Vector3; normal: Vector3 } | null): void {
    this.cut = cut;
    this.update();
  }

  update(): void {
    const { stage } = this.app;
    const normal = this.cut?.normal ?? this.normal;
    const offset = this.cut ? this.cut.point.dot(this.cut.normal) : this.offset;
    stage.clips = this.isOn || this.cut !== null;
    stage.clip.set(normal.x, normal.y, normal.z, offset);
    const outlines = [...stage.layers.values()].map((layer) =>
      stage.clips && layer.group.visible && (!this.cut || layer.options.editable)
        ? sectionOutline(layer.slots, normal.toArray(), offset - 1e-3)
        : new Float32Array(0));
    const all = new Float32Array(outlines.reduce((sum, one) => sum + one.length, 0)), tints = new Float32Array(all.length);
    let at = 0;
    outlines.forEach((one, number) => {
      const tint = new Color(OUTLINE_COLOURS[number % OUTLINE_COLOURS.length]).toArray(); // linear, as lines want it
      all.set(one, at);
      for (let i = 0; i < one.length; i++) tints[at + i] = tint[i % 3];
      at += one.length;
    });
    this.lines.set(all, tints);
    stage.invalidate();
  }

  options(): Node[] {
    if (!this.isOn) return [];
    const box = this.app.stage.measure(), corner = new Vector3();
    let low = Infinity, high = -Infinity;
    for (let i = 0; i < 8; i++) {
      corner.set(i & 1 ? box.max.x : box.min.x, i & 2 ? box.max.y : box.min.y, i & 4 ? box.max.z : box.min.z);
      low = Math.min(low, corner.dot(this.normal));
      high = Math.max(high, corner.dot(this.normal));
    }
    const depth = element("output", "sts-depth", `${(high - this.offset).toFixed(1)} mm`);
    const field = slider(this.app.words("section_depth"), this.offset, { min: low, max: high, step: (high - low) / 400 }, (value) => {
      this.offset = value;
      depth.textContent = `${(high - value).toFixed(1)} mm`;
      this.update();
    });
    field.append(depth);
    return [field];
  }

  close(): void {
    this.lines.close();
  }
}
