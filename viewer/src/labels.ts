// Every word on the screen, once, in English, Chinese and German.
import table from "./labels.json";

export type Language = "en" | "zh" | "de";
export type Label = keyof typeof table;
export const LANGUAGES: Language[] = ["en", "zh", "de"];

const COLUMN: Record<Language, number> = { en: 0, zh: 1, de: 2 };

/** The words of a label; `{name}` in it is replaced. */
export function words(language: Language, label: Label, values: Record<string, string | number> = {}): string {
  const text = table[label][COLUMN[language]] ?? table[label][0];
  return text.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all));
}

/** True where the table has the label: kinds of findings come from Python. */
export function isLabel(name: string): name is Label {
  return Object.hasOwn(table, name);
}

export function asLanguage(value: unknown): Language {
  return LANGUAGES.includes(value as Language) ? (value as Language) : "en";
}
