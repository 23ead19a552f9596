// Everything a technician can do, once: button, tooltip, key and help come from this table.
import type { App } from "./app.ts";
import { VIEW_NAMES } from "./camera.ts";
import type { Label } from "./labels.ts";
import { askForStep } from "./steps_ahead.ts";
import { summaryOf } from "./summary.ts";

export type Where = "history" | "views" | "show" | "tools" | "selection" | "findings" | "more" | "keys";

export interface Command {
  id: string;
  where: Where;
  keys: string[]; // first is shown; "Mod" is Ctrl or Cmd
  run(app: App): void;
  isOn?(app: App): boolean;
  can?(app: App): boolean;
  isThere?(app: App): boolean;
}

const tool = (id: string, ...keys: string[]): Command => ({
  id, where: "tools", keys, run: (app) => app.tools.choose(id), isOn: (app) => app.tools.active.id === id,
  can: (app) => id === "turn" || app.stage.layers.size > 0,
});

/** A tool that changes a mesh; not there where no mesh on the screen may be changed. */
const editing = (id: string, key: string): Command => ({
  ...tool(id, key), can: (app) => app.mayEdit, isThere: (app) => app.mayEdit || app.stage.layers.size === 0,
});

const onSelection = (id: string, key: string, run: (app: App) => void): Command => ({
  id, where: "selection", keys: [key], run, can: (app) => app.selection.count > 0,
});

const onFaces = (id: string, key: string, use: (app: App) => Record<string, unknown>, previews: boolean): Command =>
  onSelection(id, key, (app) => {
    const { layer, slots } = app.selection;
    if (layer) app.use(layer, use(app), slots, previews);
  });

export const COMMANDS: Command[] = [
  { id: "undo", where: "history", keys: ["Mod+z"], run: (app) => { if (!app.measures.undo()) askForStep(app, "undo"); }, can: (app) => app.history.undo !== null || app.measures.own.canUndo },
  { id: "redo", where: "history", keys: ["Mod+y", "Mod+Shift+z"], run: (app) => { if (!app.measures.redo()) askForStep(app, "redo"); }, can: (app) => app.history.redo !== null || app.measures.own.canRedo },
  { id: "save", where: "history", keys: ["Mod+s"], run: (app) => app.send({ type: "save" }) },

  ...VIEW_NAMES.map((name, i): Command => ({
    id: name, where: "views", keys: [String(i + 1)], run: (app) => app.showView(name),
  })),
  { id: "fit", where: "views", keys: ["0", "Home"], run: (app) => app.stage.view.fit() },
  {
    id: "perspective", where: "views", keys: ["o"], isOn: (app) => app.stage.view.perspective,
    run: (app) => { app.stage.view.perspective = !app.stage.view.perspective; app.stage.invalidate(); },
  },

  { id: "colours", where: "show", keys: ["k"], isOn: (app) => app.showsColours, can: (app) => app.hasColours, run: (app) => app.toggleColours() },
  { id: "wires", where: "show", keys: ["w"], isOn: (app) => app.showsWires, run: (app) => app.toggleWires() },
  { id: "glass", where: "show", keys: ["x"], isOn: (app) => app.isGlass, run: (app) => app.toggleGlass() },
  { id: "depth", where: "show", keys: ["z"], isOn: (app) => app.occlusion.isOn, run: (app) => app.occlusion.toggle() },
  { id: "section", where: "show", keys: ["d"], isOn: (app) => app.section.isOn, run: (app) => { app.section.toggle(); app.refresh(); } },
  { id: "compare", where: "show", keys: ["j"], isOn: (app) => app.compare.isOn, can: (app) => app.compare.canShow, run: (app) => app.compare.toggle() },
  { id: "deviation", where: "show", keys: ["h"], isOn: (app) => app.maps.showsDeviation && app.maps.hasDeviation, can: (app) => app.maps.hasDeviation, run: (app) => app.maps.toggleDeviation() },
  { id: "edits", where: "show", keys: ["e"], isOn: (app) => app.maps.showsEdits && app.maps.hasEdits, can: (app) => app.maps.hasEdits, run: (app) => app.maps.toggleEdits() },
  { id: "markers", where: "show", keys: ["u"], isOn: (app) => app.findings.shown, can: (app) => app.findings.list.length > 0, run: (app) => app.findings.toggle() },

  tool("turn", "v"),
  editing("fill", "f"),
  editing("lasso", "l"),
  editing("brush", "b"),
  editing("piece", "c"),
  editing("border", "q"),
  editing("trim_plane", "t"),
  editing("trim_curve", "y"),
  tool("distance", "m"),
  tool("angle", "a"),
  tool("thickness", "n"),
  tool("note", "Shift+n"),
  { ...tool("plane", "p"), isThere: (app) => app.mayEdit || app.guides.confirmed !== null || app.stage.layers.size === 0 },

  onFaces("delete", "Delete", () => ({ tool: "delete" }), false),
  onFaces("refill", "r", () => ({ tool: "refill" }), true),
  onFaces("smooth", "s", (app) => ({ tool: "smooth", cap_mm: app.tools.cap_mm, passes: app.tools.passes }), true),
  onSelection("grow", "g", (app) => app.selection.grow()),
  onSelection("shrink", "Shift+g", (app) => app.selection.shrink()),
  { id: "invert", where: "selection", keys: ["i"], run: (app) => app.selection.invert(), can: (app) => app.active !== null },
  onSelection("clear", "Shift+Delete", (app) => app.selection.clear()),

  { id: "previous", where: "findings", keys: [","], run: (app) => app.findings.step(-1), can: (app) => app.findings.list.length > 0 },
  { id: "next", where: "findings", keys: ["."], run: (app) => app.findings.step(1), can: (app) => app.findings.list.length > 0 },
  { id: "fill_finding", where: "findings", keys: ["Shift+."], run: (app) => app.fillFinding(), can: (app) => app.canFillFinding },
  { id: "select_finding", where: "findings", keys: ["Shift+,"], run: (app) => app.selectFinding(), can: (app) => Boolean(app.findings.list[app.findings.current]?.faces) },

  { id: "panel", where: "more", keys: ["Shift+p"], isOn: (app) => app.chrome.showsPanel, run: (app) => app.chrome.togglePanel() },
  { id: "fullscreen", where: "more", keys: ["Shift+f"], run: (app) => app.toggleFullscreen() },
  { id: "help", where: "more", keys: ["?", "F1"], isOn: (app) => app.chrome.showsHelp, run: (app) => app.chrome.toggleHelp() },

  { id: "accept", where: "keys", keys: ["Enter"], run: (app) => app.finish() },
  { id: "reject", where: "keys", keys: ["Escape"], run: (app) => app.back() },
  { id: "fill_below", where: "keys", keys: ["Shift+b"], run: (app) => app.tools.fill.fillBelow(), can: (app) => app.active !== null },
  { id: "through", where: "keys", keys: ["Shift+x"], run: (app) => { app.selection.through = !app.selection.through; app.refresh(true); } },
  { id: "ask_first", where: "keys", keys: ["Shift+a"], run: (app) => { app.asksFirst = !app.asksFirst; app.refresh(true); } },
  { id: "finish_add", where: "keys", keys: ["Shift+Enter"], run: (app) => app.finish({ add: true, take: false }) },
  { id: "finish_take", where: "keys", keys: ["Mod+Enter"], run: (app) => app.finish({ add: false, take: true }) },
  { id: "click_cross", where: "keys", keys: [" "], run: (app) => app.cross.click() },
  { id: "click_take", where: "keys", keys: ["Mod+ "], run: (app) => app.cross.click({ take: true }) },
  { id: "take_back", where: "keys", keys: ["Backspace"], run: (app) => app.takeBack() },
  { id: "summary", where: "keys", keys: ["Shift+s"], run: (app) => app.announce(summaryOf(app)) },
  { id: "nearer", where: "keys", keys: ["+", "="], run: (app) => app.cross.zoom(1 / 1.2) },
  { id: "farther", where: "keys", keys: ["-"], run: (app) => app.cross.zoom(1.2) },
  { id: "section_back", where: "keys", keys: ["PageDown"], run: (app) => app.section.move(-0.5), can: (app) => app.section.isOn },
  { id: "section_front", where: "keys", keys: ["PageUp"], run: (app) => app.section.move(0.5), can: (app) => app.section.isOn },
  { id: "split_left", where: "keys", keys: ["Shift+j"], run: (app) => app.compare.move(-0.1), can: (app) => app.compare.isOn },
  { id: "split_right", where: "keys", keys: ["Shift+k"], run: (app) => app.compare.move(0.1), can: (app) => app.compare.isOn },
  ...arrows("cross", ""),
  ...arrows("fine", "Alt+"),
  ...arrows("turn", "Mod+"),
  ...arrows("pan", "Shift+"),
  ...[1, 2, 3, 4].map((number): Command => ({
    id: `layer_${number}`, where: "keys", keys: [`Alt+${number}`], run: (app) => app.toggleLayer(number - 1),
  })),
];

/** Plain arrows move the cross of the tool in hand; with none they turn the scan. */
function arrows(what: "cross" | "fine" | "turn" | "pan", modifier: string): Command[] {
  const steps: [string, number, number][] = [["Left", -1, 0], ["Right", 1, 0], ["Up", 0, -1], ["Down", 0, 1]];
  return steps.map(([name, x, y]) => ({
    id: `${what}_${name.toLowerCase()}`,
    where: "keys",
    keys: [`${modifier}Arrow${name}`],
    run: (app) => {
      const moves = what === "fine" || (what === "cross" && app.tools.active.id !== "turn");
      if (moves) app.cross.move(x, y, { fine: what === "fine", isHeld: app.isKeyHeld });
      else if (what === "pan") app.stage.view.pan(-x * 40, -y * 40);
      else app.stage.view.orbit(x * 40, y * 40);
    },
  }));
}

export const COMMAND = new Map(COMMANDS.map((command) => [command.id, command]));

/** The command of a key press, or null. */
export function commandOf(event: { key: string; ctrlKey: boolean; metaKey: boolean; shiftKey: boolean; altKey: boolean; code: string }): Command | null {
  const mod = event.ctrlKey || event.metaKey ? "Mod+" : "", alt = event.altKey ? "Alt+" : "";
  const isDigit = /^Digit\d$/.test(event.code) && event.altKey;
  const key = isDigit ? event.code.slice(5) : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const shift = event.shiftKey ? "Shift+" : "";
  // A sign such as ? or > needs Shift on some keyboards and not on others.
  const physical = { Period: ".", Comma: "," }[event.code];
  const names = [`${mod}${alt}${shift}${physical && event.shiftKey ? physical : key}`];
  if (key.length === 1 && !/[a-z0-9]/.test(key) && !(physical && event.shiftKey)) names.push(`${mod}${alt}${key}`);
  return COMMANDS.find((command) => command.keys.some((one) => names.includes(one))) ?? null;
}

/** A key as people read it. */
export function keyText(key: string, isMac: boolean): string {
  const names: Record<string, string> = {
    Mod: isMac ? "⌘" : "Ctrl", Delete: "Del", Escape: "Esc", " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓",
  };
  if (key === "+") return "+";
  return key.split("+").map((part) => names[part] ?? (part.length === 1 ? part.toUpperCase() : part)).join("+");
}

export function labelOf(command: Command): Label {
  return command.id as Label;
}
