import type { Result } from "./policies.ts";

const WIDTH = 760;
const LABEL = 150;
const VALUE = 80;
const ROW = 26;
const HEAD = 58;
const GAP = 46;

interface Panel {
  readonly title: string;
  readonly valueOf: (result: Result) => number;
}

const PANELS: readonly Panel[] = [
  { title: "hot-node minutes", valueOf: ({ hotNodeMinutes }) => hotNodeMinutes },
  { title: "sessions hit by memory pressure", valueOf: ({ sessionsUnderPressure }) => sessionsUnderPressure },
];

/** The results as an SVG picture: a panel of bars for each figure, a bar for each policy. The same text for the same. */
export function drawChart(results: readonly Result[], caption: string): string {
  const panelHeight = GAP + results.length * ROW;
  const height = HEAD + PANELS.length * panelHeight;
  const panels = PANELS.flatMap((panel, index) => drawPanel(panel, results, HEAD + index * panelHeight));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">`,
    `<title>${escape(caption)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="20" y="32" font-size="15">${escape(caption)}</text>`,
    ...panels,
    "</svg>",
    "",
  ].join("\n");
}

function drawPanel({ title, valueOf }: Panel, results: readonly Result[], top: number): readonly string[] {
  const longest = Math.max(1, ...results.map(valueOf));
  const rows = results.flatMap((result, index) => {
    const value = valueOf(result);
    const y = top + GAP / 2 + index * ROW;
    const length = Math.round((value / longest) * (WIDTH - LABEL - VALUE - 20));
    return [
      `<text x="${LABEL - 8}" y="${y + 14}" text-anchor="end">${result.policy}</text>`,
      `<rect x="${LABEL}" y="${y}" width="${length}" height="${ROW - 7}" fill="${colourOf(result)}"/>`,
      `<text x="${LABEL + length + 6}" y="${y + 14}">${value}</text>`,
    ];
  });
  return [`<text x="20" y="${top + 10}" font-weight="bold">${title}</text>`, ...rows];
}

function colourOf({ policy }: Result): string {
  if (policy === "multijhub") return "#e46e2e";
  return policy === "oracle" ? "#4a8f5c" : "#8a94a0";
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
