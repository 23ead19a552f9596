// Tools on open edges: fill a hole by click, fill all below a length, clean a border.
import type { App } from "./app.ts";
import { button, numberField } from "./fields.ts";
import { Lines } from "./lines.ts";
import type { Rim } from "./rims.ts";
import type { At, Tool } from "./tool.ts";

class RimTool {
  readonly cursor = "crosshair";
  readonly draws = false;
  protected rim: Rim | null = null;
  private readonly lines = new Lines({ colour: 0x2fd36b, width: 5, hidden: 0.45 });

  constructor(protected readonly app: App, private readonly borders: boolean) {}

  start(): void {
    this.app.stage.decorations.add(this.lines.group);
  }

  stop(): void {
    this.show(null);
    this.lines.group.removeFromParent();
  }

  hover(at: At): void {
    this.show(this.app.rims.near(at.x, at.y, { borders: this.borders }));
  }

  leave(): void {
    this.show(null);
  }

  protected find(at: At): Rim | null {
    const rim = this.app.rims.near(at.x, at.y, { borders: this.borders });
    this.show(rim);
    if (!rim) this.app.say(this.app.words("no_hole_here"), "warning");
    return rim;
  }

  close(): void {
    this.lines.close();
  }

  private show(rim: Rim | null): void {
    if (rim?.loop === this.rim?.loop) return;
    this.rim = rim;
    const positions = rim?.layer.slots.positions;
    this.lines.set(rim ? Array.from(rim.edges).flatMap((v) => Array.from(positions!.subarray(3 * v, 3 * v + 3))) : []);
    this.app.stage.invalidate();
    this.app.hint(rim ? this.app.words("rim_is", { mm: rim.rim_mm.toFixed(1) }) : null);
  }
}

export class FillTool extends RimTool implements Tool {
  readonly id = "fill";
  readonly label = "fill";
  readonly hint = "hint_fill";
  rim_mm = 10;

  constructor(app: App) {
    super(app, false);
  }

  click(at: At): void {
    const rim = this.find(at);
    if (rim) this.app.use(rim.layer, { tool: "fill", edge: rim.edge });
  }

  fillBelow(): void {
    const layer = this.app.active;
    if (layer) this.app.use(layer, { tool: "fill_below", rim_mm: this.rim_mm });
  }

  options(): Node[] {
    return [
      numberField(this.app, "rim_up_to", this.rim_mm, { min: 0.5, max: 200, step: 0.5, unit: "mm" }, (value) => { this.rim_mm = value; }),
      button(this.app, { label: "fill_below", command: "fill_below", run: () => this.fillBelow() }),
    ];
  }
}

export class BorderTool extends RimTool implements Tool {
  readonly id = "border";
  readonly label = "border";
  readonly hint = "hint_border";
  private strip_mm = 0.5;

  constructor(app: App) {
    super(app, true);
  }

  click(at: At): void {
    const rim = this.find(at);
    if (rim) this.app.use(rim.layer, { tool: "clean_border", edge: rim.edge, strip_mm: this.strip_mm });
  }

  options(): Node[] {
    return [
      numberField(this.app, "strip", this.strip_mm, { min: 0.1, max: 5, step: 0.1, unit: "mm" }, (value) => { this.strip_mm = value; }),
    ];
  }
}
