/** Text that is markup already. */
export class Markup {
    constructor(readonly text: string) {}
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

type Value = string | number | Markup | readonly Markup[];

const asMarkup = (value: Value): string =>
    value instanceof Markup
        ? value.text
        : typeof value === "object"
          ? value.map(({ text }) => text).join("")
          : String(value).replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

/** A template of HTML: what is put into it is text, unless it is markup already. */
export const html = (parts: TemplateStringsArray, ...values: Value[]): Markup =>
    new Markup(parts.reduce((text, part, index) => text + asMarkup(values[index - 1] ?? "") + part));
