// Measures and notes that only this page knows, taken back and put again among Python's steps.
//
// Rules owned here:
// - Whatever came last goes first: what was put here since Python's history last changed goes before
//   Python's last step; older things go once Python has nothing left.
// - Redo goes the other way round; a new thing forgets what was taken back here.

export interface Other {
  undo: string | null;
  redo: string | null;
}

interface Kept<T> {
  thing: T;
  at: number; // changes of Python's history when it was put or taken back
}

export class OwnHistory<T> {
  private done: Kept<T>[] = [];
  private undone: Kept<T>[] = [];
  private changes = 0;

  get canUndo(): boolean {
    return this.done.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  add(thing: T): void {
    this.done.push({ thing, at: this.changes });
    this.undone = [];
  }

  /** Python's history changed. */
  follow(): void {
    this.changes++;
  }

  /** What to take off the screen; null where it is Python's turn, or nobody's. */
  undo(other: Other): T | null {
    return this.pass(this.done, this.undone, other.undo);
  }

  /** What to put on the screen again; null where it is Python's turn, or nobody's. */
  redo(other: Other): T | null {
    return this.pass(this.undone, this.done, other.redo);
  }

  /** Forget things that went another way. */
  forget(isGone: (thing: T) => boolean): void {
    this.done = this.done.filter(({ thing }) => !isGone(thing));
    this.undone = this.undone.filter(({ thing }) => !isGone(thing));
  }

  private pass(from: Kept<T>[], to: Kept<T>[], others: string | null): T | null {
    const last = from.at(-1);
    if (!last || (last.at !== this.changes && others !== null)) return null;
    from.pop();
    to.push({ thing: last.thing, at: this.changes });
    return last.thing;
  }
}
