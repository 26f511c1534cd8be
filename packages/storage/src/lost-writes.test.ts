import { describe, expect, it } from 'vitest';
import { onOvercommittedDisk } from './testing/overcommitted-disk.ts';

/** Writes files of 100 kB in one go, four times as much as the disk takes; answers with the codes of their results, and what it left. */
const PROGRAM = `
  const { createTreeWriter, loadBlake3, openStorage } = await import(process.argv[1]);
  const { readdirSync } = await import('node:fs');
  const blake3 = await loadBlake3();
  const root = process.env.DISK + '/target';
  const writer = createTreeWriter({
    fileSystem: openStorage({ sandboxRoot: root }), blake3, resolve: (path) => [path], transferId: 't', maxEntries: 1000,
  });
  const SIZE = 100_000, FILES_IN_BLOCK = 10, BLOCKS = 100;
  const entries = Array.from({ length: FILES_IN_BLOCK * BLOCKS }, (_, at) => (
    { kind: 'file', targetPath: 'f' + at, size: SIZE, mtimeSeconds: 1, mtimeNanoseconds: 0, executable: false, sourceInode: 1 }));
  writer.addEntries(0, entries);
  writer.endManifest(entries.length);
  const results = [];
  for (let block = 0; block < BLOCKS; block++) {
    const bytes = new Uint8Array(SIZE * FILES_IN_BLOCK).fill(block + 1);
    const digest = blake3(bytes.subarray(0, SIZE));
    results.push(...writer.writeBlock(block, bytes, Buffer.concat(Array(FILES_IN_BLOCK).fill(digest))).results);
  }
  while (writer.readyEntries > 0) results.push(...writer.commitReady(300).results);
  const named = readdirSync(root).filter((name) => /^f\\d+$/.test(name)).length;
  console.log(JSON.stringify({ codes: results.map(({ code }) => code), messages: results.map(({ message }) => message), named }));`;

const output = onOvercommittedDisk([
  process.execPath,
  '--input-type=module',
  '-e',
  PROGRAM,
  new URL('../dist/index.js', import.meta.url).href,
]);

describe.skipIf(output === undefined)('a disk that loses what it took (needs root and loop devices)', () => {
  const { codes, messages, named } = JSON.parse(output ?? '{}') as {
    codes: string[];
    messages: string[];
    named: number;
  };

  it('fails every file that it may have lost, by name', () => {
    expect(codes).toHaveLength(1000);
    expect(codes.filter((code) => code === 'none').length).toBeLessThanOrEqual(240);
    expect(named).toBe(codes.filter((code) => code === 'none').length);
    const lost = messages.filter((message) => message !== '');
    for (const message of lost) expect(message).toMatch(/^\/f\d+: /);
  });
});
