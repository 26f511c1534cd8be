import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createTargetResolver,
  expandSandboxMapping,
  type SandboxMapping,
  type SandboxRule,
} from '@jetstream/manifest';
import { describe, expect, it } from 'vitest';
import { loadBlake3 } from './digest.ts';
import { openSandbox } from './sandbox-file-system.ts';
import { temporaryDirectories } from './testing/temporary-directory.ts';
import { transfer } from './testing/transfer.ts';
import { createTreeReader } from './tree-reader.ts';
import { createTreeWriter } from './tree-writer.ts';

const temporaryDirectory = temporaryDirectories();
const blake3 = await loadBlake3();

function sandbox(mapping: SandboxMapping): SandboxRule {
  return expandSandboxMapping(mapping, { name: 'alice', fullName: 'alice' });
}

/** Copies all that one rule shows to where the other one lets it. */
function copy(from: SandboxRule, to: SandboxRule): Record<string, string> {
  const [source, target] = [openSandbox(from), openSandbox(to)];
  const reader = createTreeReader({
    fileSystem: source,
    blake3,
    mappings: [{ source: '/', target: '/' }],
    symlinks: 'follow',
  });
  const writer = createTreeWriter({
    fileSystem: target,
    blake3,
    resolve: createTargetResolver({ sandbox: to }).resolve,
    transferId: 'test',
    maxEntries: 100,
  });
  const { results, problems } = transfer(reader, writer);
  writer.finish();
  reader.close();
  source.close();
  target.close();
  return Object.fromEntries([
    ...results.map(({ target: path, code }) => [path, code]),
    ...problems.map(({ source: path, code }) => [path, code]),
  ]);
}

describe('a sandbox of several folders', () => {
  it('is read and written as one tree', () => {
    const [all, folder, first, second] = Array.from({ length: 4 }, temporaryDirectory) as [
      string,
      string,
      string,
      string,
    ];
    writeFileSync(join(all, 'in-all'), '1');
    mkdirSync(join(all, 'a'));
    writeFileSync(join(all, 'a', 'hidden'), 'behind a folder');
    mkdirSync(join(folder, 'deep'));
    writeFileSync(join(folder, 'deep', 'in-folder'), '2');
    expect(copy(sandbox({ '': all, a: folder }), sandbox({ '': first, a: second }))).toEqual({
      '/in-all': 'none',
      '/a': 'none',
      '/a/deep': 'none',
      '/a/deep/in-folder': 'none',
    });
    expect(readdirSync(first)).toEqual(['in-all']);
    expect(readFileSync(join(second, 'deep', 'in-folder'), 'utf8')).toBe('2');
  });

  it('refuses what is in no folder, a file in the place of one, and links out of one', () => {
    const [source, target, secret] = [temporaryDirectory(), temporaryDirectory(), temporaryDirectory()];
    mkdirSync(join(source, 'b'));
    writeFileSync(join(source, 'a'), 'file');
    writeFileSync(join(source, 'b', 'x'), 'file');
    writeFileSync(join(secret, 'x'), 'secret');
    expect(copy(sandbox({ '': source }), sandbox({ a: target }))).toEqual({
      '/a': 'is-a-directory',
      '/b': 'path-refused',
      '/b/x': 'path-refused',
    });
    symlinkSync(join(secret, 'x'), join(source, 'b', 'link'));
    expect(copy(sandbox({ c: join(source, 'b') }), sandbox({ '': target }))).toEqual({
      '/c': 'none',
      '/c/x': 'none',
      '/c/link': 'path-refused',
    });
    expect(readdirSync(target)).toEqual(['c']);
  });
});
