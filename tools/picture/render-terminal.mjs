const CHARACTER_WIDTH = 8.4;
const LINE_HEIGHT = 19;
const PADDING = 16;
const TITLE_HEIGHT = 28;
const COLOURS = { window: '#1b1f27', title: '#2a303c', text: '#d7dce5', bar: '#4fb0a5', dim: '#8a93a3' };

/**
 * A terminal window with these lines, as SVG.
 * @param {string[]} lines
 * @param {number} columns
 */
export function renderTerminal(lines, columns) {
  const width = Math.ceil(columns * CHARACTER_WIDTH + 2 * PADDING);
  const height = TITLE_HEIGHT + lines.length * LINE_HEIGHT + 2 * PADDING - 8;
  const body = lines.map((line, index) => renderLine(line, TITLE_HEIGHT + PADDING + 9 + index * LINE_HEIGHT));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="jscp copying a directory">
<rect width="${width}" height="${height}" rx="8" fill="${COLOURS.window}"/>
<path d="M0 8a8 8 0 0 1 8-8h${width - 16}a8 8 0 0 1 8 8v${TITLE_HEIGHT - 8}h-${width}z" fill="${COLOURS.title}"/>
${[18, 36, 54].map((x) => `<circle cx="${x}" cy="14" r="5" fill="${COLOURS.dim}"/>`).join('')}
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="${COLOURS.text}" xml:space="preserve">
${body.filter((line) => line !== '').join('\n')}
</g>
</svg>
`;
}

/**
 * Each run of one colour is placed by its column, so that any monospaced font keeps the lines in shape.
 * @param {string} line
 * @param {number} y
 */
function renderLine(line, y) {
  const runs = line.matchAll(/█+|░+|[^█░]+/g);
  return [...runs].map((run) => renderRun(run[0], run.index, y)).join('');
}

/**
 * @param {string} text
 * @param {number} column
 * @param {number} y
 */
function renderRun(text, column, y) {
  const x = (PADDING + column * CHARACTER_WIDTH).toFixed(1);
  const width = text.length * CHARACTER_WIDTH;
  if (/^[█░]/.test(text)) {
    const opacity = text.startsWith('█') ? 1 : 0.25;
    return `<rect x="${x}" y="${y - 12}" width="${width.toFixed(1)}" height="13" fill="${COLOURS.bar}" fill-opacity="${opacity}"/>`;
  }
  if (text.trim() === '') return '';
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}" textLength="${width.toFixed(1)}">${escaped}</text>`;
}
