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
  /** Enter: finish what was begun. Returns false where there was nothing to finish. */
  finish?(): boolean;
  /** Esc: take back what was begun. Returns false where there was nothing. */
  back?(): boolean;
  /** Fields and buttons of the bar. */
  options?(): Node[];
}
