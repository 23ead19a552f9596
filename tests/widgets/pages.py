"""A page of a real Chromium that hosts the viewer, joined to a real Python `Viewer` without a kernel.

What a kernel's comm does is done here: content and buffers go to the page, events come back.
"""

import base64
from pathlib import Path

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


class PageViewer(Viewer):
    """A viewer whose messages go to a page of the test's browser."""

    def __init__(self, page, **options):
        self.page = page
        self.events = []
        self.errors = []
        super().__init__(**options)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._note)
        page.expose_function("fromPage", self._from_page)
        page.route(f"{HOST}**", self._serve)
        self.asked = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(HOST)
        page.wait_for_function("window.ready")
        names = ("height_px", "language", "tooth_numbers", "shows_colours")
        page.evaluate("traits => { window.traits = traits; }", {n: getattr(self, n) for n in names})

    def open_view(self):
        """Show one more view."""
        number = self.page.evaluate(
            "() => { (window.closers ??= []).push(window.openView()); return window.closers.length; }"
        )
        return number - 1

    def send(self, content, buffers=None):
        encoded = [base64.b64encode(bytes(one)).decode() for one in buffers or ()]
        self.page.evaluate(
            "([content, encoded]) => window.deliver(content, encoded)", [content, encoded]
        )

    def seen(self, kind):
        """Events of a kind so far; the page is asked first, so that what it sent has arrived."""
        self.page.evaluate("0")
        return [event for event in self.events if event["type"] == kind]

    def _from_page(self, content, encoded):
        buffers = [memoryview(base64.b64decode(one)) for one in encoded]
        self.events.append({**content, "buffers": buffers})
        self._receive(self, content, buffers)

    def _note(self, message):
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
