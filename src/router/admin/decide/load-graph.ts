import { percent } from "../../../amounts.ts";
import type { LoadPoint } from "../../../load-history.ts";
import { html, type Html } from "../../web/decide/html.ts";

const WIDTH = 120;
const HEIGHT = 24;

/** What a graph shows: a share, of which 1 is all. */
export interface Graph {
  readonly name: string;
  readonly of: (point: LoadPoint) => number;
}

/**
 * A small picture of the last `spanMs`: time to the right, up to 1, or to the highest if that is more. A gap is where
 * the node did not tell for longer than two points are apart.
 */
export function loadGraph(
  points: readonly LoadPoint[],
  { name, of }: Graph,
  { nowMs, spanMs, everyMs }: { readonly nowMs: number; readonly spanMs: number; readonly everyMs: number },
): Html | undefined {
  const shown = points.filter(({ atMs }) => nowMs - atMs <= spanMs);
  if (shown.length < 2) return undefined;
  const values = shown.map(of);
  const top = Math.max(1, ...values);
  function placeOf(point: LoadPoint): string {
    const x = WIDTH * (1 - (nowMs - point.atMs) / spanMs);
    const y = HEIGHT * (1 - Math.max(0, of(point)) / top);
    return `${round(x)},${round(y)}`;
  }
  const words = `${name}: ${percent(Math.min(...values))} to ${percent(Math.max(...values))}`;
  return html`<svg width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">
    <title>${words}</title>
    ${linesOf(shown, 2 * everyMs).map(
      (line) => html`<polyline points="${line.map(placeOf).join(" ")}" fill="none" stroke="currentColor" />`,
    )}
  </svg>`;
}

/** Points without gaps between them. */
function linesOf(points: readonly LoadPoint[], gapMs: number): readonly (readonly LoadPoint[])[] {
  const lines: LoadPoint[][] = [];
  let lastMs = -Infinity;
  for (const point of points) {
    if (point.atMs - lastMs > gapMs) lines.push([]);
    lines.at(-1)?.push(point);
    lastMs = point.atMs;
  }
  return lines;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
