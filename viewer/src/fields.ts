// Buttons and fields: large, labelled, with the shortcut in the tooltip.
import type { App } from "./app.ts";
import { icon } from "./icons.ts";
import type { Label } from "./labels.ts";

export interface ButtonLook {
  label: Label;
  command?: string; // its icon and shortcut
  style?: string;
  run: () => void;
}

export function element<K extends keyof HTMLElementTagNameMap>(
  kind: K, style = "", ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(kind);
  if (style) node.className = style;
  node.append(...children);
  return node;
}

export function button(app: App, { label, command, style = "", run }: ButtonLook): HTMLButtonElement {
  const node = element("button", `sts-button ${style}`);
  node.type = "button";
  if (command) node.append(icon(command));
  node.append(element("span", "", app.words(label)));
  node.title = app.tooltip(label, command);
  node.dataset.command = command ?? label;
  node.addEventListener("click", () => {
    run();
    app.root.focus({ preventScroll: true });
  });
  return node;
}

export function numberField(
  app: App, label: Label, value: number, limits: { min: number; max: number; step: number; unit: string },
  change: (value: number) => void,
): HTMLElement {
  const input = element("input", "sts-number");
  Object.assign(input, { type: "number", value: String(value), min: String(limits.min), max: String(limits.max), step: String(limits.step) });
  input.dataset.field = label;
  const take = () => {
    const number = Number(input.value);
    if (Number.isFinite(number) && input.value !== "") change(Math.min(limits.max, Math.max(limits.min, number)));
  };
  input.addEventListener("input", take);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === "Escape") app.root.focus({ preventScroll: true });
    event.stopPropagation();
  });
  return element("label", "sts-field", app.words(label), input, limits.unit);
}

export function slider(
  label: string, value: number, limits: { min: number; max: number; step: number }, change: (value: number) => void,
): HTMLElement {
  const input = element("input", "sts-slider");
  Object.assign(input, { type: "range", min: String(limits.min), max: String(limits.max), step: String(limits.step) });
  input.value = String(value);
  input.addEventListener("input", () => change(Number(input.value)));
  input.addEventListener("keydown", (event) => event.stopPropagation());
  return element("label", "sts-field", label, input);
}

export function choice(app: App, label: Label, isOn: boolean, change: (on: boolean) => void, title = ""): HTMLElement {
  const input = element("input", "");
  input.type = "checkbox";
  input.checked = isOn;
  input.dataset.field = label;
  input.addEventListener("change", () => {
    change(input.checked);
    app.root.focus({ preventScroll: true });
  });
  const field = element("label", "sts-field sts-check", input, app.words(label));
  field.title = title;
  return field;
}
