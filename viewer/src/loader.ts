// What anywidget keeps in the widget's state: a few lines that ask Python for the bundle once.
//
// The bundle of 700 kB would else be part of every widget's synced state, sent again for each run
// of a cell and saved into notebooks that keep widget state. It is kept per page by its digest.
interface Loading {
  get(name: string): unknown;
  on(event: string, callback: (content: { type: string; digest?: string }, buffers: DataView[]) => void): void;
  off(event: string, callback: unknown): void;
  send(content: unknown): void;
}
interface Viewer {
  render(context: { model: Loading; el: HTMLElement }): () => void;
}

const bundles: Map<string, Viewer> = ((globalThis as Record<string, unknown>).stsbenchBundles ??= new Map()) as never;

function load(model: Loading, digest: string): Promise<Viewer> {
  const known = bundles.get(digest);
  if (known) return Promise.resolve(known);
  // Each view asks its own kernel: a promise shared with a kernel that died would never end.
  return new Promise<Viewer>((resolve, reject) => {
    const receive = (content: { type: string; digest?: string }, buffers: DataView[]) => {
      if (content.type !== "bundle" || content.digest !== digest) return;
      model.off("msg:custom", receive);
      const url = URL.createObjectURL(new Blob([buffers[0] as DataView<ArrayBuffer>], { type: "text/javascript" }));
      import(url)
        .then((module) => {
          if (!bundles.has(digest)) bundles.set(digest, module.default);
          resolve(bundles.get(digest)!);
        }, reject)
        .finally(() => URL.revokeObjectURL(url));
    };
    model.on("msg:custom", receive);
    model.send({ type: "load" });
  });
}

export default {
  async render({ model, el }: { model: Loading; el: HTMLElement }): Promise<() => void> {
    try {
      const viewer = await load(model, String(model.get("bundle")));
      return viewer.render({ model, el });
    } catch (error) {
      el.textContent = `The 3D viewer could not start: ${String(error)} Reload the page.`;
      return () => undefined;
    }
  },
};
