"""A page of a real Chromium that hosts the viewer, joined to a real Python `Viewer` without a kernel.

What a kernel's comm does is done here: content and buffers go to the page, events come back.
"""

import base64
from pathlib import Path

import numpy as np

from stsbench.widgets.viewer import Viewer

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--enable-unsafe-swiftshader",
    "--use-gl=angle", "--use-angle=swiftshader", "--ignore-gpu-blocklist",
]  # fmt: skip
STATIC = Path(__file__).parents[2] / "stsbench" / "widgets" / "static"
HOST = "http://viewer.test/"

_PAGE = """<!doctype html><meta charset="utf-8"><title>viewer</title>
<body style="margin:0;font-family:sans-serif"><div id="views"></div><script type="module">
import viewer from "./viewer.js";
const listeners = {};
window.traits = {};
const model = {
  get: (name) => window.traits[name],
  on: (event, callback) => (listeners[event] ??= new Set()).add(callback),
  off: (event, callback) => listeners[event]?.delete(callback),
  send: (content, _callbacks, buffers = []) => {
    const encoded = buffers.map((one) => {
      const raw = new Uint8Array(one.buffer ?? one, one.byteOffset ?? 0, one.byteLength);
      let text = "";
      for (let i = 0; i < raw.length; i += 8192) {
        text += String.fromCharCode(...raw.subarray(i, i + 8192));
      }
      return btoa(text);
    });
    window.fromPage(content, encoded);
  },
};
const decode = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
window.deliver = (content, encoded) => {
  const buffers = encoded.map(decode);
  for (const callback of listeners["msg:custom"] ?? []) callback(content, buffers);
};
window.change = (name, value) => {
  window.traits[name] = value;
  for (const callback of listeners[`change:${name}`] ?? []) callback();
};
window.tell = (event) => { for (const callback of listeners[event] ?? []) callback(); };
window.listening = () => Object.values(listeners).reduce((sum, set) => sum + set.size, 0);
window.openView = () => {
  const el = document.createElement("div");
  document.getElementById("views").append(el);
  return viewer.render({ model, el });
};
window.ready = true;
</script>"""


class Page:
    """One page for many viewers, one at a time: a browser's start is not what is tested."""

    def __init__(self, page):
        self.page = page
        self.viewer = None
        self.errors = []
        self.asked = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._note)
        page.on("request", lambda request: self.asked.append(request.url))
        page.expose_function("fromPage", self._from_page)
        page.route(f"{HOST}**", self._serve)
        page.goto(HOST)
        page.wait_for_function("window.ready")

    def open(self, **options):
        """Return a viewer of this page; the one before must be closed."""
        self.viewer = PageViewer(self, **options)
        names = ("height_px", "language", "tooth_numbers", "shows_colours")
        traits = {name: getattr(self.viewer, name) for name in names}
        self.page.evaluate("traits => { window.traits = traits; }", traits)
        return self.viewer

    def close(self):
        """Close the viewer and return how many views and listeners it left behind."""
        self.page.evaluate(
            "() => { for (const close of window.closers ?? []) close(); window.closers = []; }"
        )
        self.viewer.close()
        return self.page.evaluate("window.stsbenchViewers.size + window.listening()")

    def _from_page(self, content, encoded):
        self.viewer.take(content, [memoryview(base64.b64decode(one)) for one in encoded])

    def _note(self, message):
        if "does not belong to this context" in message.text:
            return  # what was made before a context was lost is let go after it
        if message.type == "error" or ("WebGL" in message.text and "INVALID" in message.text):
            self.errors.append(message.text)

    def _serve(self, route):
        name = route.request.url.removeprefix(HOST)
        if name == "viewer.js":
            route.fulfill(path=STATIC / "viewer.js", content_type="text/javascript")
        elif not name:
            route.fulfill(body=_PAGE, content_type="text/html")
        else:
            route.fulfill(status=204, body="")


class PageViewer(Viewer):
    """A viewer whose messages go to a page of the test's browser."""

    def __init__(self, host, **options):
        self.page = host.page
        self.events = []
        super().__init__(**options)

    def open_view(self):
        """Show one more view; return its number."""
        return self.page.evaluate(
            """() => {
              (window.closers ??= []).push(window.openView());
              return window.closers.length - 1;
            }"""
        )

    def send(self, content, buffers=None):
        encoded = [base64.b64encode(bytes(one)).decode() for one in buffers or ()]
        self.page.evaluate("([one, two]) => window.deliver(one, two)", [content, encoded])

    def take(self, content, buffers):
        """What a kernel does with a message from the page."""
        self.events.append({**content, "buffers": buffers})
        self._receive(self, content, buffers)

    def seen(self, kind):
        """Events of a kind so far; the page is asked first, so that what it sent has arrived."""
        self.page.evaluate("0")
        return [event for event in self.events if event["type"] == kind]

    def ask(self, expression, argument=None):
        """Return a value of the first open view, which the expression calls `app`."""
        return self.page.evaluate(
            f"argument => {{ const app = [...window.stsbenchViewers][0]; return {expression}; }}",
            argument,
        )

    def pixel(self, place):
        """Where a place of the scene is on the page."""
        x, y, left, top = self.ask(
            """(() => {
              app.stage.view.finishFlight(); app.stage.draw();
              const at = app.stage.project(app.stage.view.place.target.clone().fromArray(argument));
              const box = app.stage.canvas.getBoundingClientRect();
              return [at.x, at.y, box.left, box.top];
            })()""",
            [float(value) for value in place],
        )
        return left + x, top + y

    def press(self, *keys):
        """Press keys in the viewer, which takes the focus first."""
        self.page.evaluate("document.querySelector('.sts-viewer').focus()")
        for key in keys:
            self.page.keyboard.press(key)

    def click(self, place):
        """Click on a place of the scene."""
        self.page.mouse.click(*self.pixel(place))

    def drag(self, *places, steps=4):
        """Drag with the left button from place to place of the scene."""
        pixels = [self.pixel(place) for place in places]
        self.page.mouse.move(*pixels[0])
        self.page.mouse.down()
        for pixel in pixels[1:]:
            self.page.mouse.move(*pixel, steps=steps)
        self.page.mouse.up()

    def use(self):
        """Return the last `use` and its slots, and say that it was handled."""
        event = self.seen("use")[-1]
        self.say("done")
        slots = np.frombuffer(event["buffers"][0], np.uint32) if event["buffers"] else None
        return {**event["use"], "layer": event["layer"], "preview": event["preview"]}, slots
