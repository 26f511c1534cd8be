import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Arena, canRun, expectEqualTrees, type ServerProcess } from './support/arena.ts';
import { CTRL_C, Terminal } from './support/terminal.ts';

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';

let arena: Arena;
let server: ServerProcess;
beforeAll(async () => {
  arena = await Arena.create();
  server = await arena.startServer();
});
afterAll(() => arena.close());

describe.skipIf(!canRun('script', '--version'))('on a terminal (needs script of util-linux)', () => {
  const fingerprint = /SHA256:[\w+/=-]+/;

  it('an unknown host is asked about, and remembered only after "yes"', async () => {
    const file = arena.file('asked', 10_000);
    const knownHosts = ['--known-hosts', join(arena.base, 'asked-hosts')];

    const doubtful = new Terminal(arena, server, [...knownHosts, file, '127.0.0.1:/asked']);
    await doubtful.shows(/\(yes\/no\)\? /);
    doubtful.type('no\r');
    expect(await doubtful.status()).toBe(4);
    expect(server.log).toContain(fingerprint.exec(doubtful.screen)?.[0]);
    expect(existsSync(join(arena.sandbox, 'asked'))).toBe(false);

    const sure = new Terminal(arena, server, [...knownHosts, file, '127.0.0.1:/asked']);
    await sure.shows(/\(yes\/no\)\? /);
    sure.type('yes\r');
    expect(await sure.status()).toBe(0);
    await expectEqualTrees(file, join(arena.sandbox, 'asked'));

    const known = new Terminal(arena, server, [...knownHosts, file, '127.0.0.1:/again']);
    expect(await known.status()).toBe(0);
    expect(known.screen).not.toContain('yes/no');
  });

  it('a bar shows how far, how fast, round-trip time and loss, and ends at 100 %', async () => {
    const file = arena.file('shown', 3_000_000);
    const terminal = new Terminal(arena, server, ['--accept-new', '-l', '20M', file, '127.0.0.1:/shown']);
    expect(await terminal.status()).toBe(0);
    expect(terminal.screen).toMatch(/█+░* +\d+ % .* MiB \/ 2\.86 MiB .*bit\/s/);
    expect(terminal.screen).toMatch(/1 file +RTT [\d.]+ ms +loss [\d.]+ %/);
    expect(terminal.screen).toMatch(/100 %/);
    expect(terminal.screen).toMatch(/copied 1 file, 2\.86 MiB, in /);
  });

  it('Ctrl-C stops the copy and gives the cursor back', async () => {
    const file = arena.file('stopped', 20_000_000);
    const terminal = new Terminal(arena, server, ['--accept-new', '-l', '10M', file, '127.0.0.1:/stopped']);
    await terminal.shows(/ [1-9]\d* % /);
    terminal.type(CTRL_C);
    expect(await terminal.status()).toBe(130);
    expect(terminal.screen).toMatch(/jscp: .*stopped/);
    expect(terminal.screen.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(
      terminal.screen.lastIndexOf(HIDE_CURSOR),
    );
    expect(existsSync(join(arena.sandbox, 'stopped'))).toBe(false);
  });
});
