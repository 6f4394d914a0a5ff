import { createLogUpdate } from "log-update";

/** Where looks at a lab are shown, one after the other. */
export interface Display {
    show(lines: readonly string[]): void;
    end(): void;
}

/** What a display needs of a terminal. */
export type Screen = Pick<NodeJS.WriteStream, "write" | "on" | "off"> & { columns?: number; rows?: number };

/** Whether a stream is a terminal that says its size: some that programs open have none. */
export const canRedraw = ({ isTTY, columns, rows }: Partial<Screen> & { isTTY?: boolean }): boolean =>
    isTTY === true && (columns ?? 0) > 0 && (rows ?? 0) > 0;

/** Appends each look to a stream. */
export const appending = (stream: Pick<NodeJS.WriteStream, "write">): Display => ({
    show: (lines) => void stream.write(`${lines.join("\n")}\n`),
    end: () => undefined,
});

/** Draws each look in place of the one before, as much of it as the terminal has room for, also when that changes. */
export function redrawing(screen: Screen): Display {
    const draw = createLogUpdate(screen as NodeJS.WriteStream);
    let shown: readonly string[] = [];
    const redraw = (): void => draw(fitted(shown, screen).join("\n"));
    screen.on("resize", redraw);
    return {
        show: (lines) => {
            shown = lines;
            redraw();
        },
        end: () => {
            screen.off("resize", redraw);
            draw.done();
        },
    };
}

/**
 * The lines that fit on a screen: wide lines are cut at its edge, since a line that wraps would push the verdict out of
 * sight, and of too many lines the last ones are left out.
 */
export function fitted(
    lines: readonly string[],
    { columns = 80, rows = 24 }: Pick<Screen, "columns" | "rows">,
): string[] {
    const room = Math.max(1, rows - 1);
    const cut = (line: string): string =>
        line.length > columns ? `${line.slice(0, Math.max(0, columns - 1))}…` : line;
    return lines.length <= room
        ? lines.map(cut)
        : [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more lines`].map(cut);
}
