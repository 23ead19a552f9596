// The tool in hand. Turning the scan is a tool like any other; Esc leads back to it.
import type { App } from "./app.ts";
import { BrushTool, LassoTool, PieceTool } from "./choose_tools.ts";
import { MeasureTool, NoteTool, PlaneTool } from "./place_tools.ts";
import { BorderTool, FillTool } from "./rim_tools.ts";
import type { At, Tool } from "./tool.ts";
import { TrimCurveTool, TrimPlaneTool } from "./trim_tools.ts";

class TurnTool implements Tool {
  readonly id = "turn";
  readonly label = "turn";
  readonly hint = "hint_turn";
  readonly cursor = "grab";
  readonly draws = false;

  constructor(private readonly app: App) {}

  click(at: At): void {
    const finding = this.app.findings.at(at.x, at.y);
    if (finding >= 0) return this.app.findings.flyTo(finding);
    const hit = this.app.stage.pick(at.x, at.y);
    if (!hit) return;
    const value = this.app.maps.showsDeviation ? this.app.valueAt(hit) : null;
    if (value) this.app.say(value);
  }
}

export class Tools {
  readonly fill: FillTool;
  readonly all: Map<string, Tool>;
  active: Tool;
  cap_mm = 0.05;
  passes = 10;
  private readonly closing: { close(): void }[];

  constructor(private readonly app: App) {
    this.fill = new FillTool(app);
    const border = new BorderTool(app), curve = new TrimCurveTool(app), turn = new TurnTool(app);
    this.closing = [this.fill, border, curve];
    const tools: Tool[] = [
      turn, this.fill, border, curve, new LassoTool(app), new BrushTool(app), new PieceTool(app), new TrimPlaneTool(app),
      new MeasureTool(app, "distance"), new MeasureTool(app, "angle"), new MeasureTool(app, "thickness"),
      new NoteTool(app), new PlaneTool(app),
    ];
    this.all = new Map(tools.map((tool) => [tool.id, tool]));
    this.active = turn;
  }

  choose(id: string): void {
    const tool = this.all.get(id);
    if (!tool || tool === this.active) return;
    this.active.leave?.();
    this.active.stop?.();
    this.active = tool;
    tool.start?.();
    this.app.stage.canvas.style.cursor = tool.cursor;
    this.app.announce(this.app.words(tool.hint));
    this.app.hint(null);
    this.app.chrome.dropOwnLine();
    this.app.refresh(true);
    this.app.stage.invalidate();
  }

  close(): void {
    this.active.stop?.();
    for (const tool of this.closing) tool.close();
  }
}
