// What is on the screen, in words: for screen readers, and read out on demand.
import type { App } from "./app.ts";

/** Layers, findings by kind, the tool, what is chosen or waits for an answer; a sentence each. */
export function summaryOf(app: App): string {
  const layers = [...app.stage.layers.values()].map((layer) =>
    app.words("summary_layer", {
      title: layer.options.title,
      count: layer.slots.aliveCount.toLocaleString(app.language),
      state: app.words(layer.group.visible ? "shown" : "hidden"),
    }));
  const counts = new Map<string, number>();
  for (const { kind } of app.findings.list) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const kinds = [...counts].map(([kind, count]) => `${app.kindName(kind)} ${count}`).join(", ");
  const sentences = [
    ...(layers.length ? layers : [app.words("waiting_for_mesh")]),
    ...(kinds ? [`${app.words("findings")}: ${kinds}.`] : []),
    `${app.words("tools")}: ${app.words(app.tools.active.label)}.`,
    ...(app.selection.count ? [`${app.words("selected", { count: app.selection.count.toLocaleString(app.language) })}.`] : []),
    ...(app.preview ? [app.words("preview_shown")] : []),
    ...app.measures.done.map(({ kind, text }) => `${app.words(kind)}: ${text}.`),
  ];
  return sentences.join(" ");
}
