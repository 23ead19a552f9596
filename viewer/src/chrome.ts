// Everything around the canvas: tool bars, side panel, the bar below, help, what is read out.
//
// Rules owned here:
// - Buttons come from the table of commands; a button shows its shortcut in the tooltip.
// - What changes on the screen is also said in a live region, for screen readers.
import type { App } from "./app.ts";
import { COMMAND, COMMANDS, labelOf, type Command, type Where } from "./commands.ts";
import { button, choice, element, numberField } from "./fields.ts";
import { cssColour, kindColour } from "./findings.ts";
import { icon } from "./icons.ts";
import type { Label } from "./labels.ts";
import { summaryOf } from "./summary.ts";
import type { Level } from "./wire.ts";

const MOST_ROWS = 400;

export class Chrome {
  readonly canvasBox = element("div", "sts-canvas-box");
  showsPanel = true;
  showsHelp = false;
  private readonly top = element("div", "sts-top");
  private readonly rail = element("div", "sts-rail");
  private readonly side = element("div", "sts-side");
  private readonly bar = element("div", "sts-bar");
  private readonly line = element("div", "sts-line");
  private readonly hintLine = element("span", "sts-hint");
  private readonly options = element("div", "sts-options");
  private readonly live = element("div", "sts-live");
  private readonly summary = element("div", "sts-summary");
  private readonly cover = element("div", "sts-cover");
  private help: HTMLElement | null = null;
  private readonly buttons = new Map<string, HTMLButtonElement>();
  private hintText: string | null = null;
  private hasOwnLine = false;

  constructor(private readonly app: App) {
    this.live.setAttribute("role", "status");
    this.live.setAttribute("aria-live", "polite");
    this.line.setAttribute("role", "status");
    this.top.setAttribute("role", "toolbar");
    this.rail.setAttribute("role", "toolbar");
    this.cover.hidden = true;
    this.canvasBox.append(this.cover);
    this.bar.append(element("div", "sts-lines", this.hintLine, this.line), this.options);
    const middle = element("div", "sts-middle", this.rail, this.canvasBox, this.side);
    app.root.append(this.top, middle, this.bar, this.live, this.summary);
    this.summary.id = `${app.id}-summary`;
    app.root.setAttribute("aria-describedby", this.summary.id);
  }

  /** Build everything again, after the language changed. */
  build(): void {
    const { app } = this;
    app.root.setAttribute("role", "application");
    app.root.setAttribute("aria-label", app.words("viewer"));
    this.buttons.clear();
    const group = (where: Where) =>
      element("div", "sts-group", ...COMMANDS.filter((command) => command.where === where).map((command) => this.commandButton(command)));
    this.top.replaceChildren(group("history"), group("views"), group("show"), element("div", "sts-space"), group("more"));
    this.rail.replaceChildren(group("tools"));
    this.top.setAttribute("aria-label", app.words("views"));
    this.rail.setAttribute("aria-label", app.words("tools"));
    this.refresh(true);
  }

  refresh(withBar = true): void {
    const { app } = this;
    for (const [id, node] of this.buttons) {
      const command = COMMAND.get(id)!;
      node.disabled = command.can ? !command.can(app) : false;
      node.hidden = command.isThere ? !command.isThere(app) : false;
      const isOn = command.isOn?.(app);
      if (isOn !== undefined) node.setAttribute("aria-pressed", String(isOn && !node.disabled));
      if (id === "undo" || id === "redo") {
        const what = app.history[id];
        node.title = what ? `${app.tooltip(id, id)}: ${what}` : app.tooltip(id, id);
      }
    }
    this.side.hidden = !this.showsPanel; // empty, too: a canvas of another size waits for the graphics process
    this.summary.textContent = summaryOf(app);
    if (withBar) {
      this.fillBar();
      this.fillSide();
    }
  }

  /** Show a line; one of the page's own goes when another tool is taken, Python's stays. */
  say(text: string, level: Level, isOwn: boolean): void {
    this.hasOwnLine = isOwn;
    this.line.textContent = text;
    this.line.dataset.level = level;
    this.line.title = text;
  }

  dropOwnLine(): void {
    if (this.hasOwnLine) this.say("", "info", true);
  }

  hint(text: string | null): void {
    this.hintText = text;
    const { app } = this;
    this.hintLine.textContent = app.preview ? app.words("preview_shown") : text ?? app.words(app.tools.active.hint);
  }

  announce(text: string): void {
    this.live.textContent = text;
  }

  /** A line over the empty canvas; empty text takes it away. */
  setCover(text: string): void {
    this.cover.textContent = text;
    this.cover.hidden = !text;
  }

  togglePanel(): void {
    this.showsPanel = !this.showsPanel;
    this.refresh(false);
  }

  toggleHelp(): void {
    this.showsHelp = !this.showsHelp;
    this.help?.remove();
    this.help = null;
    if (this.showsHelp) {
      this.help = this.helpPage();
      this.app.root.append(this.help);
    }
    this.refresh(false);
  }

  private commandButton(command: Command): HTMLButtonElement {
    const node = button(this.app, { label: labelOf(command), command: command.id, run: () => this.app.run(command.id) });
    this.buttons.set(command.id, node);
    return node;
  }

  private fillBar(): void {
    const { app } = this, nodes: Node[] = [];
    if (app.preview) {
      nodes.push(
        button(app, { label: "accept", command: "accept", style: "sts-primary", run: () => app.accept() }),
        button(app, { label: "reject", command: "reject", run: () => app.reject() }),
      );
    } else {
      nodes.push(...(app.tools.active.options?.() ?? []));
      if (app.section.isOn) nodes.push(...app.section.options());
      if (app.selection.count) nodes.push(...this.selectionNodes());
      if (app.mayEdit) nodes.push(choice(app, "ask_first", app.asksFirst, (on) => { app.asksFirst = on; }, app.tooltip("ask_first", "ask_first")));
    }
    this.hintLine.classList.toggle("sts-strong", app.preview !== null);
    this.hint(this.hintText);
    this.options.replaceChildren(...nodes);
  }

  private selectionNodes(): Node[] {
    const { app } = this;
    return [
      element("b", "sts-count", app.words("selected", { count: app.selection.count.toLocaleString(app.language) })),
      element("div", "sts-group", ...COMMANDS.filter((command) => command.where === "selection").map((command) => this.commandButton(command))),
      numberField(app, "cap", app.tools.cap_mm, { min: 0.005, max: 1, step: 0.005, unit: "mm" }, (value) => { app.tools.cap_mm = value; }),
    ];
  }

  private fillSide(): void {
    const { app } = this, scroll = this.side.scrollTop;
    if (!app.stage.layers.size) return this.side.replaceChildren();
    const layers = [...app.stage.layers.values()].map((layer, i) => {
      const node = element("button", "sts-layer", icon("eye"), swatch(layer.colour), element("span", "", layer.options.title));
      node.type = "button";
      node.title = `${app.words("show_or_hide")} (Alt+${i + 1})`;
      node.setAttribute("aria-pressed", String(layer.group.visible));
      node.addEventListener("click", () => app.toggleLayer(i));
      node.append(element("small", "", layer.slots.aliveCount.toLocaleString(app.language)));
      return node;
    });
    this.side.replaceChildren(
      element("div", "sts-legend", element("h3", "", app.words("layers")), ...layers),
      ...app.maps.legends(),
      ...(app.findings.list.length ? [this.findingsList()] : []),
    );
    this.side.scrollTop = scroll;
    const current = this.side.querySelector<HTMLElement>(".sts-finding[aria-current=true]");
    if (current) {
      const top = current.offsetTop - this.side.offsetTop;
      if (top < this.side.scrollTop || top > this.side.scrollTop + this.side.clientHeight - 40) {
        this.side.scrollTop = top - this.side.clientHeight / 3;
      }
    }
  }

  private findingsList(): HTMLElement {
    const { app } = this, { list } = app.findings;
    const kinds = [...new Set(list.map((finding) => finding.kind))].map((kind) => {
      const node = element("button", "sts-kind", swatch(kindColour(kind)), `${app.kindName(kind)} `);
      node.type = "button";
      node.append(element("b", "", String(list.filter((finding) => finding.kind === kind).length)));
      node.setAttribute("aria-pressed", String(!app.findings.isHidden(kind)));
      node.title = app.words("show_or_hide");
      node.addEventListener("click", () => {
        app.findings.toggleKind(kind);
        app.refresh();
      });
      return node;
    });
    const steps = COMMANDS.filter((command) => command.where === "findings").map((command) => this.commandButton(command));
    for (const node of steps) node.disabled = !COMMAND.get(node.dataset.command!)!.can!(app);
    const rows: Node[] = [];
    list.slice(0, MOST_ROWS).forEach((finding, i) => {
      if (app.findings.isHidden(finding.kind)) return;
      const node = element("button", "sts-finding", swatch(kindColour(finding.kind)), element("span", "sts-rank", String(app.findings.numberOf(i))), element("span", "", app.findings.title(finding)), element("small", "", app.sizeText(finding)));
      node.type = "button";
      node.dataset.finding = finding.id;
      node.dataset.severity = finding.severity;
      node.setAttribute("aria-current", String(i === app.findings.current));
      node.addEventListener("click", () => {
        app.findings.flyTo(i);
        app.root.focus({ preventScroll: true });
      });
      rows.push(node);
    });
    const head = element("h3", "", `${app.words("findings")} (${list.length})`);
    return element("div", "sts-legend sts-findings", head, element("div", "sts-kinds", ...kinds), element("div", "sts-group sts-steps", ...steps), element("div", "sts-list", ...rows));
  }

  private helpPage(): HTMLElement {
    const { app } = this;
    const sections: [Label, (command: Command) => boolean][] = [
      ["views", (command) => command.where === "views" || command.where === "show"],
      ["tools", (command) => command.where === "tools"],
      ["selection", (command) => command.where === "selection"],
      ["findings", (command) => command.where === "findings" || command.where === "history" || command.where === "more"],
      ["keyboard", (command) => command.where === "keys" && !command.id.startsWith("layer_") && !/_(left|right|up|down)$/.test(command.id)],
    ];
    const columns = sections.map(([title, isIn]) =>
      element("div", "sts-help-part", element("h3", "", app.words(title)), ...COMMANDS.filter(isIn).map((command) =>
        element("div", "sts-row", element("span", "", app.words(labelOf(command))), element("kbd", "", app.keysText(command))))));
    const mouse = element("div", "sts-help-part", element("h3", "", app.words("mouse")),
      ...(["mouse_left", "mouse_right", "mouse_middle", "mouse_wheel", "mouse_touch", "mouse_double", "key_arrows", "key_places", "key_layers"] as Label[]).map((label) => element("p", "", app.words(label))));
    const close = button(app, { label: "close_help", command: "reject", run: () => this.toggleHelp() });
    const page = element("div", "sts-help", element("div", "sts-help-columns", mouse, ...columns), close);
    page.setAttribute("role", "dialog");
    page.setAttribute("aria-label", app.words("help"));
    return page;
  }
}

function swatch(colour: number): HTMLElement {
  const mark = element("i", "sts-swatch");
  mark.style.background = cssColour(colour);
  return mark;
}
