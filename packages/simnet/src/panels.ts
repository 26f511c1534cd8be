const WIDTH = 1000;
const PANEL_HEIGHT = 190;
const LEFT = 90;
const RIGHT = 20;
const TOP = 50;
const PLOT_HEIGHT = 140;
const COLOURS = ['#1f6fb4', '#d1495b', '#2a9d5c', '#b07aa1', '#e08e2b', '#4d4d4d'];

export interface Line {
  label: string;
  /** In µs. */
  times: ArrayLike<number>;
  values: ArrayLike<number>;
}

export interface Panel {
  title: string;
  lines: readonly Line[];
}

/** Draws panels, one below the other, over the same time from 0 to `endUs`: an SVG document of its own. */
export function drawPanels(title: string, panels: readonly Panel[], endUs: number): string {
  const height = TOP + panels.length * PANEL_HEIGHT + 30;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    `<text x="${LEFT}" y="24" font-size="16">${escaped(title)}</text>`,
    ...panels.map((panel, index) => drawPanel(panel, TOP + index * PANEL_HEIGHT, endUs)),
    '</svg>\n',
  ].join('\n');
}

function drawPanel({ title, lines }: Panel, top: number, endUs: number): string {
  const highest = niceCeiling(Math.max(1e-9, ...lines.map((line) => largest(line, endUs))));
  const x = (timeUs: number): number => LEFT + (timeUs / endUs) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number => top + 20 + PLOT_HEIGHT * (1 - value / highest);
  const parts = [`<text x="${LEFT}" y="${top + 12}" font-weight="bold">${escaped(title)}</text>`];
  for (let tick = 0; tick <= 4; tick++) {
    const value = (highest * tick) / 4;
    const timeUs = (endUs * tick) / 4;
    parts.push(
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}" stroke="#ddd"/>`,
      `<text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end">${shortNumber(value)}</text>`,
      `<text x="${x(timeUs)}" y="${top + PLOT_HEIGHT + 34}" text-anchor="middle" fill="#777">${shortNumber(timeUs / 1e6)} s</text>`,
    );
  }
  lines.forEach((line, index) => {
    const colour = COLOURS[index % COLOURS.length]!;
    parts.push(
      `<polyline fill="none" stroke="${colour}" points="${points(line, endUs, x, y)}"/>`,
      `<text x="${LEFT + 330 + index * 110}" y="${top + 12}" fill="${colour}">${escaped(line.label)}</text>`,
    );
  });
  return parts.join('\n');
}

function points(line: Line, endUs: number, x: (t: number) => number, y: (v: number) => number): string {
  const all: string[] = [];
  for (let i = 0; i < line.times.length && line.times[i]! <= endUs; i++) {
    all.push(`${x(line.times[i]!).toFixed(1)},${y(line.values[i]!).toFixed(1)}`);
  }
  return all.join(' ');
}

function largest(line: Line, endUs: number): number {
  let most = 0;
  for (let i = 0; i < line.times.length && line.times[i]! <= endUs; i++)
    most = Math.max(most, line.values[i]!);
  return most;
}

/** The next of 1, 2, 4, 5 or 10 times a power of ten. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 2, 4, 5, 10].find((factor) => value <= factor * power * (1 + 1e-9))!;
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
