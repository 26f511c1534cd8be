// What jscp does with files that are there, and says about it.
import { chmodSync, existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLossyProxy } from '../tools/lossy-proxy/src/lossy-proxy.mjs';
import { Arena, expectEqualTrees, expectOk, type Finished, type ServerProcess } from './support/arena.ts';

const BLOCK = 2 ** 20;
const BLOCKS = 6;
/** Unix time, in whole seconds. */
const LONG_AGO = 1_600_000_000;

let arena: Arena;
let server: ServerProcess;
let source: string;

beforeAll(async () => {
  arena = await Arena.create();
  server = await arena.startServer();
});
afterAll(() => arena.close());

/** A tree of a large and a small file, copied to the server under that name. */
async function copied(name: string): Promise<string> {
  source = join(arena.base, 'files', name);
  const large = arena.file(`${name}/large`, BLOCKS * BLOCK + 7);
  utimesSync(large, LONG_AGO, LONG_AGO);
  arena.file(`${name}/deep/small`, 1_000);
  expectOk(await again(name));
  return join(arena.sandbox, name);
}

function again(name: string, ...options: string[]): Promise<Finished> {
  return arena.jscp(server.port, [...options, source, `127.0.0.1:/${name}`]);
}

/** The last of the JSON lines. */
async function summaryOf(run: Promise<Finished>): Promise<{ bytes: number; presentBytes: number }> {
  const { stdout } = await run;
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

function flip(path: string, at: number): void {
  const content = readFileSync(path);
  content[at]! ^= 1;
  writeFileSync(path, content);
}

describe('the same copy again', () => {
  it('sends nothing, up or down, and says so', async () => {
    await copied('twice');
    expectOk(await again('twice'));
    const second = await summaryOf(again('twice', '--json'));
    expect(second).toMatchObject({ files: 2, skippedFiles: 2, presentBytes: second.bytes });
    const back = [`127.0.0.1:/twice`, join(arena.base, 'twice-back')];
    expectOk(await arena.jscp(server.port, back));
    expect((await arena.jscp(server.port, back)).stderr).toMatch(
      /^nothing to copy: 2 files in 2 directories, .*\n$/,
    );
  });

  it('sends no content but what may go before an answer, when that takes 10 ms (PL-1)', async () => {
    await copied('counted');
    const proxy = await startLossyProxy({ serverPort: server.port, maxDatagramBytes: 1472 });
    try {
      const options = ['--json', source, '127.0.0.1:/counted'];
      expect(await summaryOf(arena.jscp(proxy.port, options))).toMatchObject({ failed: 0, skippedFiles: 2 });
      const back = join(arena.base, 'counted-back');
      expectOk(await arena.jscp(server.port, ['127.0.0.1:/counted', back]));
      expectOk(await arena.jscp(proxy.port, ['127.0.0.1:/counted', back]));
      const { forwarded } = proxy.counts;
      // Two blocks each way; there are six.
      expect(forwarded * 1472).toBeLessThan(2 * 2 * BLOCK + BLOCK / 2);
    } finally {
      proxy.close();
    }
  });

  it('sends what differs of a changed file, and with --whole everything', async () => {
    const copy = await copied('changed');
    flip(join(source, 'large'), 2 * BLOCK);
    const summary = await summaryOf(again('changed', '--json'));
    expect(summary).toMatchObject({ files: 2, skippedFiles: 1 });
    // Two blocks may go before it is known what is there.
    expect(summary.presentBytes).toBeGreaterThanOrEqual((BLOCKS - 3) * BLOCK);
    expect(summary.presentBytes).toBeLessThan(summary.bytes);
    await expectEqualTrees(source, copy);
    expect((await again('changed', '--whole')).stderr).toMatch(/^copied 2 files [^;]*\n$/);
  });

  it('takes content for what counts with --checksum', async () => {
    const copy = await copied('checksum');
    flip(join(copy, 'large'), 5);
    utimesSync(join(copy, 'large'), LONG_AGO, LONG_AGO);
    expect((await again('checksum')).stderr).toMatch(/^nothing to copy/);
    expect((await again('checksum', '--checksum')).stderr).toMatch(/^copied 1 file/);
    await expectEqualTrees(source, copy);
  });
});

describe('a comparison', () => {
  it('finds equal trees equal, either way, and writes nothing', async () => {
    const copy = await copied('equal');
    const there = ['--verify', '127.0.0.1:/equal'];
    for (const run of [await again('equal', '--verify'), await arena.jscp(server.port, [...there, source])]) {
      expect(run).toMatchObject({
        status: 0,
        stderr: expect.stringMatching(/^found equal: 2 files in 2 directories/),
      });
    }
    const nowhere = join(arena.base, 'nowhere');
    expect(await arena.jscp(server.port, [...there, nowhere])).toMatchObject({ status: 14 });
    expect(existsSync(nowhere)).toBe(false);
    await expectEqualTrees(source, copy);
  });

  it('names each file that differs or is missing, with a status of its own', async () => {
    const copy = await copied('different');
    flip(join(copy, 'large'), 3 * BLOCK);
    rmSync(join(copy, 'deep/small'));
    const { status, stderr } = await again('different', '--verify');
    expect(status).toBe(14);
    expect(stderr.trim().split('\n').sort()).toEqual([
      'jscp: /different/deep/small is not there',
      `jscp: /different/large: its content differs between bytes ${3 * BLOCK} and ${4 * BLOCK}`,
      'jscp: 2 of 2 files not equal',
    ]);
    expect(existsSync(join(copy, 'deep/small'))).toBe(false);
  });
});

describe('--overwrite', () => {
  it('never keeps a file that differs, and fails it', async () => {
    const copy = await copied('never');
    flip(join(source, 'large'), 0);
    const old = readFileSync(join(copy, 'large'));
    expect(await again('never', '--overwrite', 'never')).toMatchObject({ status: 15 });
    expect(readFileSync(join(copy, 'large')).equals(old)).toBe(true);
  });

  it('backup keeps the old one besides', async () => {
    const copy = await copied('backup');
    const old = readFileSync(join(copy, 'large'));
    flip(join(source, 'large'), 0);
    expectOk(await again('backup', '--overwrite', 'backup', '--read-back'));
    expect(readFileSync(join(copy, 'large.jetbak')).equals(old)).toBe(true);
    rmSync(join(copy, 'large.jetbak'));
    await expectEqualTrees(source, copy);
  });

  it('in-place writes into the very file', async () => {
    const copy = await copied('in-place');
    const { ino } = statSync(join(copy, 'large'));
    flip(join(source, 'large'), 0);
    expectOk(await again('in-place', '--overwrite', 'in-place'));
    expect(statSync(join(copy, 'large')).ino).toBe(ino);
    await expectEqualTrees(source, copy);
  });
});

it('-p keeps modes, also those of files that are there already', async () => {
  const copy = await copied('modes');
  const modeOf = (name: string) => statSync(join(copy, name)).mode & 0o7777;
  chmodSync(join(source, 'large'), 0o640);
  chmodSync(join(source, 'deep'), 0o750);
  expectOk(await again('modes'));
  expect(modeOf('large')).toBe(0o644);
  expectOk(await again('modes', '-p'));
  expect([modeOf('large'), modeOf('deep')]).toEqual([0o640, 0o750]);
});
