import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, type ErrorCode, errorCodeFromWire, errorCodeToWire, JetStreamError } from './errors.ts';

const document = readFileSync(new URL('../../../docs/ERRORS.md', import.meta.url), 'utf8');

function tableOfCodes(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, { wire, retryable, meaning }]) => [
    `\`${code}\``,
    String(wire),
    retryable ? 'yes' : 'no',
    meaning,
  ]);
  const header = ['code', 'number', 'worth a retry', 'meaning'];
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

describe('error codes', () => {
  it('are those of docs/ERRORS.md', () => {
    const table = document.match(/^\|.*(?:\n\|.*)*/m)?.[0];
    expect(table, `the table in docs/ERRORS.md should be:\n\n${tableOfCodes()}\n`).toBe(tableOfCodes());
  });

  it('have a number of their own that leads back to them', () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      expect(errorCodeFromWire(errorCodeToWire(code))).toBe(code);
    }
    expect(errorCodeFromWire(4_000_000_000)).toBe('internal');
    expect(errorCodeFromWire(-1)).toBe('internal');
  });

  it('say through the error whether a retry may help', () => {
    const cause = new Error('ENOSPC');
    const error = new JetStreamError('disk-full', 'no space left for "a"', { subject: 'a', cause });
    expect(error).toMatchObject({ code: 'disk-full', retryable: true, subject: 'a', cause });
    expect(new JetStreamError('cancelled', 'stopped').retryable).toBe(false);
  });
});
