// What a viewer hears from outside: Python's messages and settings, the page's theme, its own size.
import type { App } from "./app.ts";
import { asLanguage } from "./labels.ts";
import { Messages } from "./messages.ts";
import type { Notation } from "./teeth.ts";

/** Follow them; the function returned stops it. */
export function listen(app: App): () => void {
  const messages = new Messages(app);
  const receive = (content: never, buffers: never) => messages.receive(content, buffers ?? []);
  const traits = () => {
    app.root.style.height = `${Number(app.model.get("height_px")) || 640}px`;
    app.stage.invalidate();
    const notation = String(app.model.get("tooth_numbers") ?? "fdi") as Notation;
    const language = asLanguage(app.model.get("language"));
    if (language !== app.language || notation !== app.notation) {
      [app.language, app.notation] = [language, notation];
      app.chrome.build();
    }
  };
  const gone = () => {
    app.ahead.clear();
    app.answered();
    app.say(app.words("kernel_gone"), "error", false);
  };
  traits();
  const events: [string, (...words: never[]) => void][] = [
    ["msg:custom", receive], ["change:height_px", traits], ["change:language", traits], ["change:tooth_numbers", traits],
    ["comm_live_update", gone],
  ];
  for (const [event, work] of events) app.model.on(event, work);
  const theme = () => {
    const sky = getComputedStyle(app.root).getPropertyValue("--sts-sky").trim();
    app.stage.setBackground(sky || "#e9edf1");
  };
  theme();
  const watching = new MutationObserver(theme);
  watching.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "class"] });
  const sizes = new ResizeObserver(() => {
    if (messages.resize()) app.stage.draw(); // now: the browser is about to show an empty canvas
  });
  sizes.observe(app.chrome.canvasBox);
  return () => {
    watching.disconnect();
    sizes.disconnect();
    for (const [event, work] of events) app.model.off(event, work);
  };
}
