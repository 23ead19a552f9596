import assert from "node:assert/strict";
import { test } from "node:test";
import { COMMANDS, commandOf, keyText } from "../src/commands.ts";
import { reviewFirst } from "../src/findings.ts";
import { hasIcon } from "../src/icons.ts";
import table from "../../stsbench/widgets/labels.json";
import { isLabel, words } from "../src/labels.ts";
import { REASONS } from "../src/maps.ts";
import { toothName } from "../src/teeth.ts";
import type { Finding } from "../src/wire.ts";

test("the viewer reads the sections it needs of Python's table", () => {
  assert.equal(words("de", "undo"), table.viewer.undo[2]);
  assert.equal(words("zh", "kind_hole"), table.kind.hole[1]);
  assert.equal(words("en", "reason_manual"), table.reason.manual[0]);
  assert.ok(!isLabel("purpose") && !isLabel("kind_never_heard_of"));
});

test("every command has a label, a key of its own, and an icon where it is a button", () => {
  const keys = COMMANDS.flatMap((command) => command.keys);
  assert.equal(new Set(keys).size, keys.length, "a key does two things");
  for (const command of COMMANDS) {
    assert.ok(isLabel(command.id), command.id);
    assert.ok(command.keys.length, command.id);
    if (command.where !== "keys") assert.ok(hasIcon(command.id), command.id);
  }
});

const press = (key: string, more: Partial<Record<"ctrlKey" | "shiftKey" | "altKey" | "metaKey", boolean>> = {}, code = "") =>
  commandOf({ key, code, ctrlKey: false, shiftKey: false, altKey: false, metaKey: false, ...more })?.id;

test("keys find their commands", () => {
  assert.equal(press("f"), "fill");
  assert.equal(press("F", { shiftKey: true }), "fullscreen");
  assert.equal(press("z", { ctrlKey: true }), "undo");
  assert.equal(press("Z", { ctrlKey: true, shiftKey: true }), "redo");
  assert.equal(press("z", { metaKey: true }), "undo");
  assert.equal(press("?", { shiftKey: true }), "help");
  assert.equal(press("+", { shiftKey: true }), "nearer");
  assert.equal(press("."), "next");
  assert.equal(press(">", { shiftKey: true }, "Period"), "fill_finding");
  assert.equal(press(":", { shiftKey: true }, "Period"), "fill_finding", "on a German keyboard");
  assert.equal(press("¡", { altKey: true }, "Digit1"), "layer_1", "on a Mac");
  assert.equal(press("ArrowLeft", { shiftKey: true }), "pan_left");
  assert.equal(press("f", { ctrlKey: true }), undefined, "the browser's own search");
});

test("keys are written as people read them", () => {
  assert.equal(keyText("Mod+Shift+z", false), "Ctrl+Shift+Z");
  assert.equal(keyText("Mod+z", true), "⌘+Z");
  assert.equal(keyText("+", false), "+");
});

test("words are filled in", () => {
  assert.equal(words("de", "selected", { count: 5 }), "5 Dreiecke gewählt");
  assert.equal(words("zh", "undo"), "撤销");
});

test("teeth in three notations", () => {
  const rows: [number, string, string][] = [
    [18, "1", "8┘"], [11, "8", "1┘"], [21, "9", "└1"], [28, "16", "└8"], [38, "17", "┌8"], [31, "24", "┌1"], [41, "25", "1┐"], [48, "32", "8┐"],
    [55, "A", "E┘"], [51, "E", "A┘"], [61, "F", "└A"], [75, "K", "┌E"], [85, "T", "E┐"],
  ];
  for (const [fdi, universal, palmer] of rows) {
    assert.equal(toothName(fdi, "universal"), universal);
    assert.equal(toothName(fdi, "palmer"), palmer);
    assert.equal(toothName(fdi, "fdi"), String(fdi));
  }
});

test("edit reasons are the table's, which Python's are tested against, in their order", () => {
  assert.deepEqual(REASONS.map(([label]) => label), Object.keys(table.reason).map((name) => `reason_${name}`));
});

test("findings to review come first, then kind, then size", () => {
  const finding = (id: string, kind: string, severity: string, size_mm: number): Finding =>
    ({ id, kind, severity, size_mm, place_mm: [0, 0, 0], title: "", tooth: null, number: null, loop: null, faces: null, layer: "a" });
  const list = [finding("a", "hole", "note", 1), finding("b", "spike", "review", 1), finding("c", "hole", "note", 9), finding("d", "fold", "hold", 1)];
  assert.deepEqual(reviewFirst(list).map((one) => one.id), ["d", "b", "c", "a"]);
  const numbered = list.map((one, i) => ({ ...one, number: one.id === "b" ? null : 9 - i }));
  assert.deepEqual(reviewFirst(numbered).map((one) => one.id), ["d", "c", "a", "b"]);
});
