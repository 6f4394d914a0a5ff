import { html } from "../report/page/markup";

/** A page that shows lines as a terminal does, under the command that has printed them. */
export const terminalPage = (command: string, lines: readonly string[]): string =>
    html`<!doctype html>
        <html lang="en">
            <meta charset="utf-8" /><title>${command}</title>
            <style>
                body {
                    margin: 0;
                    background: #1d2021;
                    color: #ebdbb2;
                }
                pre {
                    margin: 0;
                    padding: 20px 24px;
                    font:
                        15px/1.45 "DejaVu Sans Mono",
                        monospace;
                    white-space: pre;
                }
                b {
                    color: #8ec07c;
                    font-weight: normal;
                }
            </style>
            <pre><b>$ ${command}</b>
${lines.join("\n")}</pre>
        </html> `.text;
