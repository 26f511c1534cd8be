import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KnownPath } from '../contract.ts';
import { PathFile } from './path-file.ts';

const hasFifos = process.platform !== 'win32';

describe('a file of paths on disk', () => {
  let directory: string;
  let file: string;
  let complaints: string[];
  let paths: PathFile;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'path-file-'));
    file = join(directory, 'config', 'paths.json');
    complaints = [];
    paths = new PathFile(file, (why) => complaints.push(why));
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function pathTo(network: string): KnownPath {
    return { network, minRttUs: 100_000, rateBytesPerSecond: 6e7, seenAtMs: Date.now() };
  }

  it('is empty while it is not there, and made with its directory, for its owner alone', async () => {
    expect(await paths.load()).toEqual([]);
    const path = pathTo('192.0.2.1');
    await paths.save(path);
    expect(await new PathFile(file, () => undefined).load()).toEqual([path]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(complaints).toEqual([]);
  });

  it('keeps what others have written since', async () => {
    const other = new PathFile(file, () => undefined);
    await paths.load();
    await other.save(pathTo('192.0.2.1'));
    await paths.save(pathTo('192.0.2.2'));
    expect((await paths.load()).map(({ network }) => network).sort()).toEqual(['192.0.2.1', '192.0.2.2']);
  });

  it('is whole at any moment while many write, and leaves nothing beside it', async () => {
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        await new PathFile(file, () => undefined).save(pathTo(`192.0.2.${index}`));
        JSON.parse(readFileSync(file, 'utf8'));
      }),
    );
    expect(readdirSync(join(directory, 'config'))).toEqual(['paths.json']);
  });

  it.each([
    ['is damaged', () => writeFileSync(file, '{"version": 1, "pat')],
    ['is of a newer version', () => writeFileSync(file, '{"version": 2, "paths": []}')],
    ['is large', () => writeFileSync(file, ' '.repeat(300_000))],
    ...(hasFifos ? [['is a FIFO', () => void execFileSync('mkfifo', [file])] as const] : []),
  ] as const)('is replaced when it %s, and that is told', async (_, damage) => {
    mkdirSync(join(directory, 'config'));
    damage();
    expect(await paths.load()).toEqual([]);
    expect(complaints).toEqual([expect.stringContaining('will be replaced')]);
    const path = pathTo('192.0.2.1');
    await paths.save(path);
    expect(await paths.load()).toEqual([path]);
  });

  it('says why it cannot be written, and leaves nothing', async () => {
    mkdirSync(file, { recursive: true });
    await expect(paths.save(pathTo('192.0.2.1'))).rejects.toThrow();
    expect(readdirSync(join(directory, 'config'))).toEqual(['paths.json']);
  });
});
