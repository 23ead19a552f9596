// Entry of the bundle: one App for each view of an anywidget model.
import { App, LIVE } from "./app.ts";
import type { Model } from "./wire.ts";

export function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const app = new App(model, el);
  (globalThis as { stsbenchViewers?: Set<App> }).stsbenchViewers = LIVE; // for tests of the page
  return () => app.close();
}

export default { render };
