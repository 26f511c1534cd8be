import { readFileSync } from 'node:fs';
import { ERROR_CODES, type ErrorCode } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { apiExitStatusOf, EXIT_CODES } from './exit-codes.ts';

describe('exit codes of jetstream api', () => {
  it('are distinct, and never report an error as success', () => {
    const statuses = Object.values(EXIT_CODES).map(({ status }) => status);
    expect(new Set(statuses).size).toBe(statuses.length);
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[])
      expect(apiExitStatusOf(code), code).not.toBe(0);
  });

  it('are those of docs/CLI.md', () => {
    const document = readFileSync(new URL('../../../../docs/CLI.md', import.meta.url), 'utf8');
    const section = document.slice(document.indexOf('\n## jetstream api\n'));
    const rows = [...section.matchAll(/^\| (\d+) +\| (.*?) +\|$/gm)].map(([, status, meaning]) => [
      Number(status),
      meaning,
    ]);
    expect(rows).toEqual(Object.values(EXIT_CODES).map(({ status, meaning }) => [status, meaning]));
  });
});
