// Mouse, pen, fingers and keyboard on the canvas.
//
// Rules owned here:
// - The right button always turns and the middle one always shifts, whatever tool is in hand; the
//   left one turns too unless the tool draws. Shift shifts where the tool does not draw.
// - A press that moves less than four pixels is a click.
// - Two fingers shift, zoom by their distance and take back what the first one began to draw; pinching
//   a trackpad is a wheel with Ctrl. Shift and wheel shift.
import type { App } from "./app.ts";
import { commandOf } from "./commands.ts";
import type { At } from "./tool.ts";

const CLICK_PIXELS = 4;

export class Pointer {
  private last: { x: number; y: number } | null = null;
  private readonly fingers = new Map<number, { x: number; y: number }>();
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
    this.on(canvas, "pointercancel", (event) => {
      this.last = null;
      this.fingers.delete(event.pointerId);
    });
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
    const lines = event.deltaMode === 1 ? 20 : 1, { view } = this.app.stage;
    if (event.shiftKey) return view.pan(-event.deltaX * lines, -event.deltaY * lines);
    const strength = event.ctrlKey ? 0.01 : 0.0014; // a pinch comes in small steps
    const turn = Math.max(-240, Math.min(240, event.deltaY * lines)) * strength;
    view.zoom(Math.exp(Math.max(-0.5, Math.min(0.5, turn))), event.offsetX, event.offsetY);
  };

  private down(event: PointerEvent): void {
    const { app } = this, tool = app.tools.active;
    app.stage.canvas.setPointerCapture(event.pointerId);
    app.root.focus({ preventScroll: true });
    app.cross.hide();
    event.preventDefault();
    if (event.pointerType === "touch") {
      this.fingers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
      if (this.fingers.size > 1) {
        if (this.doing === "draw" && this.last) tool.cancelStroke?.();
        this.last = null;
        return;
      }
    }
    this.last = { x: event.offsetX, y: event.offsetY };
    this.moved = 0;
    const isLeft = event.button === 0;
    if (isLeft && tool.draws && !app.isWaiting) this.doing = "draw";
    else if (event.button === 1 || (event.shiftKey && !tool.draws)) this.doing = "pan";
    else this.doing = "turn";
    if (this.doing === "draw") tool.down?.(atOf(event));
  }

  /** A finger of two moved: the middle shifts, the distance zooms about it. */
  private pinch(event: PointerEvent): void {
    const [a, b] = [...this.fingers.values()], moved = this.fingers.get(event.pointerId);
    if (!moved || !b) return;
    const middle = () => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: Math.hypot(a.x - b.x, a.y - b.y) });
    const before = middle();
    [moved.x, moved.y] = [event.offsetX, event.offsetY];
    const after = middle(), { view } = this.app.stage;
    view.pan(after.x - before.x, after.y - before.y);
    if (before.apart > 1 && after.apart > 1) view.zoom(before.apart / after.apart, after.x, after.y);
  }

  private move(event: PointerEvent): void {
    const { app, last } = this;
    if (this.fingers.size > 1) return this.pinch(event);
    if (!last) {
      if (!this.fingers.size) this.hover(atOf(event));
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
    this.fingers.delete(event.pointerId);
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
