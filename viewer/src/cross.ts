// The cross: a pointer for the keyboard, so that every tool works without a mouse.
//
// Rules owned here:
// - With a tool in hand the arrow keys move it (faster while a key is held, pixel by pixel with Alt);
//   Space clicks there. Enter clicks too where the cross moved since, and finishes what was begun where
//   it did not: Enter twice closes a lasso.
// - Where it stands and what lies there is read out when it rests.
// - It goes as soon as a mouse is used.
import type { App } from "./app.ts";
import type { At } from "./tool.ts";

const STEP_PIXELS = 10;
const FASTEST = 4;
const REST_MS = 350;

export class Cross {
  isOn = false;
  private x = 0;
  private y = 0;
  private speed = 1;
  private isNew = false; // moved since it last clicked
  private resting = 0;

  constructor(private readonly app: App) {
    app.overlay.painters.push((overlay) => {
      if (!this.isOn) return;
      for (const style of ["sts-cross-back", "sts-cross"]) {
        overlay.path([[this.x - 16, this.y], [this.x - 4, this.y]], style);
        overlay.path([[this.x + 4, this.y], [this.x + 16, this.y]], style);
        overlay.path([[this.x, this.y - 16], [this.x, this.y - 4]], style);
        overlay.path([[this.x, this.y + 4], [this.x, this.y + 16]], style);
      }
    });
  }

  /** Show it, in the middle at first. */
  show(): void {
    const { stage } = this.app;
    if (!this.isOn) [this.x, this.y, this.isOn, this.isNew] = [stage.width / 2, stage.height / 2, true, true];
    this.x = Math.min(stage.width - 1, Math.max(0, this.x));
    this.y = Math.min(stage.height - 1, Math.max(0, this.y));
  }

  hide(): void {
    this.isOn = false;
    clearTimeout(this.resting);
  }

  /** Move by steps; `isHeld` while the key repeats. */
  move(right: number, down: number, how: { fine?: boolean; isHeld?: boolean } = {}): void {
    this.show();
    this.speed = how.isHeld ? Math.min(FASTEST, this.speed + 0.2) : 1;
    const step = how.fine ? 1 : STEP_PIXELS * this.speed;
    this.x += right * step;
    this.y += down * step;
    this.isNew = true;
    this.show();
    const { app } = this;
    app.tools.active.hover?.(this.at());
    app.overlay.paint();
    clearTimeout(this.resting);
    this.resting = window.setTimeout(() => app.announce(this.words()), REST_MS);
  }

  /** Click where it stands. */
  click(keys: { add?: boolean; take?: boolean } = {}): void {
    this.show();
    if (this.app.isWaiting) return;
    clearTimeout(this.resting); // what the click says is not to be talked over
    const tool = this.app.tools.active, at = { ...this.at(), ...keys };
    this.isNew = false;
    if (tool.drop) tool.drop(at);
    else tool.click?.(at);
    this.app.stage.invalidate();
  }

  /** Enter: true where it clicked. */
  enter(): boolean {
    if (!this.isOn || !this.isNew || this.app.tools.active.id === "turn") return false;
    this.click();
    return true;
  }

  zoom(factor: number): void {
    if (this.isOn && this.app.tools.active.id !== "turn") this.app.stage.view.zoom(factor, this.x, this.y);
    else this.app.stage.view.zoom(factor);
  }

  close(): void {
    clearTimeout(this.resting);
  }

  private at(): At {
    return { x: this.x, y: this.y, add: false, take: false };
  }

  private words(): string {
    const hit = this.app.stage.pick(this.x, this.y);
    if (!hit) return this.app.words("cross_beside");
    const [x, y, z] = hit.place.toArray().map((value) => value.toFixed(1));
    return this.app.words("cross_on", { title: hit.layer.options.title, x, y, z });
  }
}
