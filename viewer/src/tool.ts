// What every tool offers to the pointer, the keyboard and the bar below the canvas.
import type { Label } from "./labels.ts";

export interface At {
  x: number; // pixels from the canvas's upper left
  y: number;
  add: boolean; // Shift
  take: boolean; // Ctrl or Alt
}

export interface Tool {
  readonly id: string;
  readonly label: Label;
  readonly hint: Label;
  readonly cursor: string;
  /** True where dragging with the left button draws; else it turns the scan. */
  readonly draws: boolean;
  start?(): void;
  stop?(): void;
  click?(at: At): void;
  hover?(at: At): void;
  leave?(): void;
  down?(at: At): void;
  drag?(at: At): void;
  up?(at: At): void;
  /** Forget the stroke that was begun: a second finger came. */
  cancelStroke?(): void;
  /** A click of the keyboard's cross, where it is not the mouse's. */
  drop?(at: At): void;
  /** Backspace: take the last place back. Returns how many are left, or null where there was none. */
  takeBack?(): number | null;
  /** Enter: finish what was begun. Returns false where there was nothing to finish. */
  finish?(how?: { add: boolean; take: boolean }): boolean;
  /** Esc: take back what was begun. Returns false where there was nothing. */
  back?(): boolean;
  /** Fields and buttons of the bar. */
  options?(): Node[];
}
