"""Hands at a bench: real clicks on the canvas and the buttons, at places given in millimetres."""

from tests.widgets.lab_driver import OpenNotebook

APP = "[...window.stsbenchViewers].at(-1)"


class BenchHands(OpenNotebook):
    """A notebook whose bench is used by hand."""

    def run_until_open(self, *, seconds: float = 180.0) -> None:
        """Run all cells, wait until the bench has done its first work and is drawn."""
        self.run_all()
        self.wait_done(seconds=seconds)
        self.page.wait_for_function(
            f"window.stsbenchViewers?.size && {APP}.stage.layers.size", timeout=60_000
        )
        self.show()

    def wait_done(self, *, seconds: float = 180.0) -> None:
        """Wait until the bench's worker rests."""
        self.wait_python(
            "bench.desk and not any(t.is_alive() for t in bench.desk._threads)", seconds=seconds
        )

    def set_case(self, number: str) -> None:
        """Write a case number into the parameters, as a technician does."""
        self.page.evaluate(
            self.in_page("""number => {
                const cell = CONTEXT.model.cells.get(1);
                const text = cell.sharedModel.getSource();
                cell.sharedModel.setSource(
                    text.replace('case_number: str = ""', `case_number: str = "${number}"`));
            }"""),
            number,
        )

    def show(self) -> None:
        """Bring the view onto the screen."""
        self.page.locator(".sts-viewer").last.scroll_into_view_if_needed()
        self.settle()

    def press(self, command: str) -> None:
        """Press a button of the view by its command."""
        self.page.locator(f".sts-viewer [data-command={command}]:visible").first.click()

    def key(self, keys: str) -> None:
        """Press a key while the view has the focus."""
        self.page.evaluate(f"() => {APP}.root.focus()")
        self.page.keyboard.press(keys)

    def settle(self) -> None:
        """End the camera's flight and let one frame be drawn."""
        self.page.evaluate(
            f"""() => new Promise(done => {{
                {APP}.stage.view.finishFlight();
                requestAnimationFrame(() => requestAnimationFrame(done));
            }})"""
        )

    def pixel(self, place) -> tuple[float, float]:
        """Where a place (x, y, z) mm is on the page."""
        x, y = self.page.evaluate(
            f"""([x, y, z]) => {{
                const app = {APP}, box = app.stage.canvas.getBoundingClientRect();
                const at = app.stage.project(app.stage.view.place.target.clone().set(x, y, z));
                return [box.left + at.x, box.top + at.y];
            }}""",
            [float(value) for value in place],
        )
        return x, y

    def click(self, place) -> None:
        self.page.mouse.click(*self.pixel(place))

    def drag(self, pixels) -> None:
        """Draw through some pixels of the page with the left button down."""
        mouse = self.page.mouse
        mouse.move(*pixels[0])
        mouse.down()
        for pixel in pixels[1:]:
            mouse.move(*pixel, steps=3)
        mouse.up()

    def lasso(self, place, *, pixels: float = 25.0) -> None:
        """Draw a lasso about a place."""
        self.press("lasso")  # first: pressing may scroll the page
        x, y = self.pixel(place)
        corners = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -0.9)]
        self.drag([(x + pixels * i, y + pixels * j) for i, j in corners])

    def accept(self) -> None:
        """Wait for the preview and take it."""
        self.page.wait_for_function(f"{APP}.preview !== null", timeout=60_000)
        self.press("accept")
        self.page.wait_for_function(f"{APP}.preview === null", timeout=60_000)

    def facts(self) -> dict:
        """What Python's mesh and history are now."""
        return eval(self.python(FACTS))

    def after(self, before: dict) -> dict:
        """Wait until one more step was taken than before; return the facts."""
        self.wait_steps(len(before["tools"]) + 1)
        return self.facts()

    def wait_steps(self, count: int) -> None:
        """Wait until so many steps are done."""
        self.wait_python(f"len(bench.desk.session.scans['lower'].uses) == {count}")

    def agrees(self) -> bool:
        """Whether the page shows the very faces and vertices that Python holds."""
        alive, vertices = self.page.evaluate(
            f"""() => {{
                const mesh = {APP}.stage.layers.get('lower').slots;
                return [mesh.aliveCount, mesh.vertexCount];
            }}"""
        )
        facts = self.facts()
        return (alive, vertices) == (facts["alive"], facts["vertices"])


FACTS = """
def _facts():
    scan = bench.desk.session.scans['lower']
    working = scan.working
    return {
        'alive': int(working.alive.sum()), 'vertices': working.vertex_count,
        'loops': len(working.open_loops()), 'tools': [use['tool'] for use in scan.uses],
        'undone': len(scan.undone),
    }
print(_facts())
"""
