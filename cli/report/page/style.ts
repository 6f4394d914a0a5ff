/** Colours of the page and its drawings: the names of plots/theme.ts. */
const LIGHT = `
    --ink: #1a1a1a; --faint: #6b6b6b; --grid: #dedede; --shade: #e9edf2; --paper: #ffffff; --card: #f7f8fa;
    --s1: #0072b2; --s2: #e69f00; --s3: #009e73; --s4: #d55e00; --s5: #56b4e9; --s6: #cc79a7; --s7: #b3a600;
    --s8: #7f7f7f; --pass: #00614a; --fail: #a33b00;`;
const DARK = `
    --ink: #ececec; --faint: #a6a6a6; --grid: #3a3d42; --shade: #2a2f36; --paper: #15171a; --card: #1d2024;
    --s1: #4aa8e0; --s2: #e69f00; --s3: #22b98d; --s4: #ef7a2a; --s5: #9ad4f5; --s6: #dd9cc0; --s7: #f0e442;
    --s8: #a0a0a0; --pass: #4fd1a7; --fail: #ff9a5c;`;

/** The style of the page: light and dark, wide and narrow, screen and paper. */
export const STYLE = `
:root { color-scheme: light dark; ${LIGHT} }
@media (prefers-color-scheme: dark) { :root { ${DARK} } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 90rem; background: var(--paper); color: var(--ink);
    font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1.05rem; margin: 0 0 .5rem; }
.verdict { font-size: 1.15rem; }
.pass { color: var(--pass); font-weight: 600; }
.fail { color: var(--fail); font-weight: 600; }
.plots { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 32rem), 1fr)); }
figure { margin: 0; padding: 1rem; background: var(--card); border: 1px solid var(--grid); border-radius: .5rem;
    min-width: 0; }
figure svg { display: block; width: 100%; height: auto; }
figcaption { margin-top: .75rem; }
summary { cursor: pointer; margin-top: .75rem; text-decoration: underline; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .5rem 0; }
th, td { padding: .25rem .75rem .25rem 0; text-align: right; vertical-align: top;
    border-bottom: 1px solid var(--grid); }
th:first-child, td.words { text-align: left; }
th[scope=row] { font-weight: 400; }
td.words { min-width: 18rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 0; }
dt { color: var(--faint); }
dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
code { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
    body { padding: .75rem; }
    figure { padding: .5rem; }
    dl { grid-template-columns: 1fr; gap: 0; }
    dd { margin-bottom: .5rem; }
}
@media print {
    :root { color-scheme: light; ${LIGHT} }
    body { padding: 0; max-width: none; font-size: 9pt; }
    .plots { grid-template-columns: 1fr 1fr; gap: .5rem; }
    figure, tr { break-inside: avoid; }
    figure { background: none; }
    .scroll { overflow: visible; }
    figure details { display: none; }
}
`;
