import type { TopLevelSpec } from "vega-lite";
import type { Spec } from "../plots/plot";
import { COLOURS, CONFIG } from "../plots/theme";

/** Draws a plot as SVG for a page. Vega is loaded here alone: no other command needs it. */
export async function drawing(spec: Spec, id: string): Promise<string> {
    const [{ View, parse }, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
    const { spec: compiled } = compile({ ...spec, config: CONFIG } as unknown as TopLevelSpec);
    const view = new View(parse(compiled), { renderer: "none" });
    try {
        return inPage(await view.toSVG(), id);
    } finally {
        view.finalize();
    }
}

/** How much larger than it was made a drawing may become: text of 12 pixels of 17. */
const LARGEST = 1.4;

/** Gives the drawing the colours of the page, ids that no other drawing has, and the width that there is. */
export function inPage(svg: string, id: string): string {
    const widest = Math.round(LARGEST * Number(/\bviewBox="0 0 ([\d.]+)/.exec(svg)?.[1]));
    const coloured = Object.entries(COLOURS).reduce(
        (text, [name, colour]) => text.replaceAll(`"${colour}"`, `"var(--${name})"`),
        svg,
    );
    return coloured
        .replaceAll(/\bid="([^"]+)"/g, `id="plot-${id}-$1"`)
        .replaceAll(/url\(#([^)]+)\)/g, `url(#plot-${id}-$1)`)
        .replace(/<svg\b[^>]*>/, (tag) => tag.replaceAll(/ (?:width|height|class|style)="[^"]*"/g, ""))
        .replace("<svg", `<svg aria-hidden="true" focusable="false" style="max-width:${widest}px"`);
}
