// Mouse, pen and keyboard on the canvas.
//
// Rules owned here:
// - The right button always turns and the middle one always shifts, whatever tool is in hand; the
//   left one turns too unless the tool draws. Shift shifts where the tool does not draw.
// - A press that moves less than four pixels is a click.
import type { App } from "./app.ts";
import { commandOf } from "./commands.ts";
import type { At } from "./tool.ts";

const CLICK_PIXELS = 4;

export class Pointer {
  private last: { x: number; y: number } | null = null;
  private moved = 0;
  private doing: "turn" | "pan" | "draw" = "turn";
  private hovering: At | null = null;
  private frame = 0;
  private readonly endings: (() => void)[] = [];

  constructor(private readonly app: App) {
    const { canvas } = app.stage;
    this.on(canvas, "pointerdown", (event) => this.down(event));
    this.on(canvas, "pointermove", (event) => this.move(event));
    this.on(canvas, "pointerup", (event) => this.up(event));
    this.on(canvas, "pointercancel", () => { this.last = null; });
    this.on(canvas, "pointerleave", () => app.tools.active.leave?.());
    this.on(canvas, "dblclick", (event) => {
      const hit = app.stage.pick(event.offsetX, event.offsetY);
      if (hit && app.tools.active.id === "turn") app.stage.view.lookAt(hit.place);
    });
    this.on(canvas, "contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", this.wheel, { passive: false });
    this.endings.push(() => canvas.removeEventListener("wheel", this.wheel));
    this.on(app.root, "keydown", (event) => this.key(event));
    // JupyterLab must not move the cell or the focus for what happens in here.
    for (const name of ["pointerdown", "mousedown", "click", "dblclick", "contextmenu", "keyup", "keypress"] as const) {
      this.on(app.root, name, (event) => event.stopPropagation());
    }
  }

  close(): void {
    cancelAnimationFrame(this.frame);
    for (const end of this.endings) end();
  }

  private readonly wheel = (event: WheelEvent) => {
    event.preventDefault();
    event.stopPropagation();
    const lines = event.deltaMode === 1 ? 20 : 1;
    this.app.stage.view.zoom(Math.exp(Math.max(-240, Math.min(240, event.deltaY * lines)) * 0.0014), event.offsetX, event.offsetY);
  };

  private down(event: PointerEvent): void {
    const { app } = this, tool = app.tools.active;
    app.stage.canvas.setPointerCapture(event.pointerId);
    app.root.focus({ preventScroll: true });
    app.cross.hide();
    this.last = { x: event.offsetX, y: event.offsetY };
    this.moved = 0;
    const isLeft = event.button === 0;
    if (isLeft && tool.draws && !app.isWaiting) this.doing = "draw";
    else if (event.button === 1 || (event.shiftKey && !tool.draws)) this.doing = "pan";
    else this.doing = "turn";
    if (this.doing === "draw") tool.down?.(atOf(event));
    event.preventDefault();
  }

  private move(event: PointerEvent): void {
    const { app, last } = this;
    if (!last) {
      this.hover(atOf(event));
      return;
    }
    const dx = event.offsetX - last.x, dy = event.offsetY - last.y;
    if (!dx && !dy) return;
    this.moved += Math.abs(dx) + Math.abs(dy);
    this.last = { x: event.offsetX, y: event.offsetY };
    if (this.doing === "draw") app.tools.active.drag?.(atOf(event));
    else if (this.moved < CLICK_PIXELS) return;
    else if (this.doing === "pan") app.stage.view.pan(dx, dy);
    else app.stage.view.orbit(dx, dy);
  }

  private up(event: PointerEvent): void {
    const { app } = this;
    if (!this.last) return;
    this.last = null;
    if (this.doing === "draw") app.tools.active.up?.(atOf(event));
    else if (event.button === 0 && this.moved < CLICK_PIXELS && !app.isWaiting) app.tools.active.click?.(atOf(event));
  }

  /** At most one look under the pointer per frame. */
  private hover(at: At): void {
    this.hovering = at;
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      if (this.hovering && !this.last) this.app.tools.active.hover?.(this.hovering);
    });
  }

  private key(event: KeyboardEvent): void {
    event.stopPropagation();
    const target = event.target as HTMLElement;
    const isOnButton = target !== this.app.root && target.tagName === "BUTTON";
    if (isOnButton && (event.key === "Enter" || event.key === " ")) return; // presses the button
    const command = commandOf(event);
    if (!command) return;
    event.preventDefault();
    this.app.isKeyHeld = event.repeat;
    this.app.run(command.id);
  }

  private on<K extends keyof HTMLElementEventMap>(
    target: HTMLElement, name: K, work: (event: HTMLElementEventMap[K]) => void,
  ): void {
    target.addEventListener(name, work as EventListener);
    this.endings.push(() => target.removeEventListener(name, work as EventListener));
  }
}

function atOf(event: PointerEvent): At {
  return { x: event.offsetX, y: event.offsetY, add: event.shiftKey, take: event.ctrlKey || event.altKey || event.metaKey };
}
