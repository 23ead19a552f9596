// Every word on the screen, in English, Chinese and German: the package's one table, of which a bench
// in Python reads the same rows.
import { kind, reason, viewer } from "../../stsbench/widgets/labels.json";

export type Language = "en" | "zh" | "de";
export type Label = keyof typeof viewer | `kind_${keyof typeof kind}` | `reason_${keyof typeof reason}`;
export const LANGUAGES: Language[] = ["en", "zh", "de"];

const COLUMN: Record<Language, number> = { en: 0, zh: 1, de: 2 };
const ROWS: Record<string, string[]> = { ...viewer, ...prefixed("kind", kind), ...prefixed("reason", reason) };

function prefixed(section: string, rows: Record<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(rows).map(([name, texts]) => [`${section}_${name}`, texts]));
}

/** The words of a label; `{name}` in it is replaced. */
export function words(language: Language, label: Label, values: Record<string, string | number> = {}): string {
  const text = ROWS[label][COLUMN[language]] ?? ROWS[label][0];
  return text.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all));
}

/** True where the table has the label: kinds of findings come from Python. */
export function isLabel(name: string): name is Label {
  return Object.hasOwn(ROWS, name);
}

export function asLanguage(value: unknown): Language {
  return LANGUAGES.includes(value as Language) ? (value as Language) : "en";
}
