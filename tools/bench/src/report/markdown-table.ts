/** A table in Markdown, aligned so that it can be read as it is. Numbers are set to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, ...[title, ...rows.map((row) => row[column] ?? '')].map((cell) => [...cell].length)),
  );
  const right = head.map(
    (_, column) => column > 0 && rows.some((row) => /^[≥≤-]?\s?\d/.test(row[column] ?? '')),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => pad(cell, widths[column]!, right[column]!)).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    right[column] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

function pad(cell: string, width: number, right: boolean): string {
  const spaces = ' '.repeat(width - [...cell].length);
  return right ? spaces + cell : cell + spaces;
}
