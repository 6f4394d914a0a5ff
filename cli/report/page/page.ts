import { GROUPS, type Group } from "../figures/definition";
import { formatted, percent } from "../figures/format";
import type { Plot, Table } from "../plots/plot";
import type { Report, ReportedRun } from "../report";
import { factsOf, noiseText, titleOf, verdictLine } from "../words";
import { html, Markup } from "./markup";
import { STYLE } from "./style";

/** A table that is scrolled by itself where it is wider than the page. */
function scrolled(caption: string, columns: readonly string[], rows: readonly Markup[]): Markup {
    return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}">
        <table>
            <caption>
                ${caption}
            </caption>
            <thead>
                <tr>
                    ${columns.map((name) => html`<th scope="col">${name}</th>`)}
                </tr>
            </thead>
            <tbody>
                ${rows}
            </tbody>
        </table>
    </div>`;
}

const tableOf = (caption: string, { columns, rows }: Table): Markup =>
    scrolled(
        caption,
        columns,
        rows.map(
            ([first = "", ...others]) =>
                html`<tr>
                    <th scope="row">${first}</th>
                    ${others.map((cell) => html`<td>${cell}</td>`)}
                </tr>`,
        ),
    );

/** The image is the drawing alone: within an image nothing can be opened, and so no table. */
function figureOf({ id, title, reading, table }: Plot, svg: string | undefined): Markup {
    const drawing =
        svg === undefined
            ? html``
            : html`<div role="img" aria-labelledby="title-${id} reading-${id}">${new Markup(svg)}</div>`;
    const details =
        table.rows.length === 0
            ? html``
            : html`<details>
                  <summary>${title}: the numbers</summary>
                  ${tableOf(`${id}. ${title}`, table)}
              </details>`;
    return html`<figure>
        <h3 id="title-${id}">${id}. ${title}</h3>
        ${drawing}
        <figcaption id="reading-${id}">${reading}</figcaption>
        ${details}
    </figure>`;
}

function limitsOf({ label, limits }: ReportedRun): Markup {
    const rows = limits.map(
        ({ verdict, text, found, unit }) =>
            html`<tr>
                <th scope="row">${text}</th>
                <td>${found === null ? "not recorded" : formatted(found, unit)}</td>
                <td class="${verdict === "PASS" ? "pass" : "fail"}">${verdict}</td>
            </tr>`,
    );
    const caption = label === "" ? "Limits" : `Limits of ${label}`;
    return limits.length === 0 ? html`` : scrolled(caption, ["limit", "found", "verdict"], rows);
}

function groupTable({ label, figures }: ReportedRun, group: Group): Markup {
    const rows = figures
        .filter((figure) => figure.group === group)
        .map(({ name, meaning, unit, measured }) => {
            const numbers =
                measured === null
                    ? html`<td colspan="5">not recorded</td>`
                    : typeof measured === "number"
                      ? html`<td colspan="5">${formatted(measured, unit)}</td>`
                      : html`<td>${measured.n}</td>
                            ${[measured.p50, measured.p95, measured.p99, measured.max].map(
                                (value) => html`<td>${formatted(value, unit)}</td>`,
                            )}`;
            return html`<tr>
                <th scope="row"><code>${name}</code></th>
                ${numbers}
                <td class="words">${meaning}</td>
            </tr>`;
        });
    const heads = ["figure", "n", "p50", "p95", "p99", "max", "meaning"];
    const caption = label === "" ? GROUPS[group] : `${GROUPS[group]} of ${label}`;
    return scrolled(caption, heads, rows);
}

function deltasOf(report: Report): Markup {
    if (report.deltas.length === 0) {
        return html``;
    }
    const rows = report.deltas.map(({ name, unit, a, b, change, noise, says }) => [
        name,
        formatted(a, unit),
        formatted(b, unit),
        a === null || b === null ? "–" : formatted(b - a, unit),
        change === null ? "N/A" : percent(change),
        noise === null ? "–" : `± ${(100 * noise).toFixed(1)} %`,
        says,
    ]);
    const names = ["figure", "A", "B", "B − A", "B beside A", "noise", "B is"];
    return html`<section>
        <h2>Differences</h2>
        <p>${noiseText(report)}</p>
        ${tableOf("B beside A", { columns: names, rows })}
    </section>`;
}

const factList = (run: ReportedRun): Markup =>
    html`<h3>${run.label === "" ? "How it was made" : `How ${run.label} was made, ${run.began}`}</h3>
        <dl>
            ${factsOf(run).map(
                ([name, value]) =>
                    html`<dt>${name}</dt>
                        <dd>${name === "command" ? html`<code>${value}</code>` : value}</dd>`,
            )}
        </dl>`;

/** The first run of each side: the others are in the differences and in the JSON. */
export function shown(runs: readonly ReportedRun[]): ReportedRun[] {
    return runs.filter(({ label }, index) => runs.findIndex((each) => each.label === label) === index);
}

/**
 * The report as one HTML file that needs nothing else: no script, no other file.
 * @param drawings SVG of each plot by its id; a plot without one has its sentence alone
 */
export function pageOf(report: Report, plots: readonly Plot[], drawings: ReadonlyMap<string, string>): string {
    const title = titleOf(report);
    const groups = Object.keys(GROUPS) as Group[];
    const runs = shown(report.runs);
    return html`<!doctype html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
                <title>${title}</title>
                <style>
                    ${new Markup(STYLE)}
                </style>
            </head>
            <body>
                <header>
                    <h1>${title}</h1>
                    ${runs.map((run) => html`<p class="verdict">${verdictLine(run)}</p>`)}
                </header>
                <main>
                    ${runs.map(limitsOf)}
                    <section>
                        <h2>Plots</h2>
                        <div class="plots">${plots.map((plot) => figureOf(plot, drawings.get(plot.id)))}</div>
                    </section>
                    ${deltasOf(report)}
                    <section>
                        <h2>Figures</h2>
                        ${runs.flatMap((run) => groups.map((group) => groupTable(run, group)))}
                    </section>
                    <section>
                        <h2>Made with</h2>
                        ${report.runs.map(factList)}
                    </section>
                </main>
            </body>
        </html> `.text;
}
