import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkSandboxIsDirectory } from './sandbox-check.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'jetstream-sandbox-'));
  writeFileSync(join(directory, 'file'), '');
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('the sandbox directory at start', () => {
  it('is there, up to the first placeholder', () => {
    for (const path of ['', '/', '/%u', '/%u/in', '/x%u']) checkSandboxIsDirectory(directory + path);
  });

  it.each([
    ['/missing', 'not-found'],
    ['/missing/%u', 'not-found'],
    ['/file', 'not-a-directory'],
    ['/file/x', 'not-found'],
  ])('%s is refused as %s', (path, code) => {
    expect(() => checkSandboxIsDirectory(directory + path)).toThrow(expect.objectContaining({ code }));
  });
});
