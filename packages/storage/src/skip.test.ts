import { createTargetResolver } from '@jetstream/manifest';
import { describe, expect, it } from 'vitest';
import { loadBlake3 } from './digest.ts';
import { bothMachines } from './testing/both-machines.ts';
import { FakeMachine } from './testing/fake/fake-machine.ts';
import { fakeSurroundings } from './testing/fake/fake-surroundings.ts';
import { allLost } from './testing/fake/fate.ts';
import type { Surroundings } from './testing/surroundings.ts';
import { type TransferOutcome, transfer } from './testing/transfer.ts';
import { createTreeReader } from './tree-reader.ts';
import { createTreeWriter, type TreeWriterOptions } from './tree-writer.ts';

const blake3 = await loadBlake3();
const { resolve } = createTargetResolver({ user: { name: 'alice', fullName: 'alice' } });

/** Copies what is in `/source` into `/target`. */
function copy(surroundings: Surroundings, options: Partial<TreeWriterOptions> = {}): TransferOutcome {
  const reader = createTreeReader({
    fileSystem: surroundings.open('/source'),
    blake3,
    mappings: [{ source: '/', target: '/' }],
    symlinks: 'follow',
  });
  const writer = createTreeWriter({
    fileSystem: surroundings.open('/target'),
    blake3,
    resolve,
    transferId: 't',
    maxEntries: 1000,
    umask: 0o022,
    ...options,
  });
  const outcome = transfer(reader, writer);
  writer.finish();
  return outcome;
}

/** What became of each file. */
function verdicts({ results }: TransferOutcome): Record<string, string> {
  const files = results.filter(({ kind }) => kind === 'file');
  return Object.fromEntries(
    files.map(({ target, code, skipped }) => [
      target.slice(1),
      code === 'none' && skipped ? 'skipped' : code,
    ]),
  );
}

describe.each(bothMachines)('a copy to %s', (_, make) => {
  it('of what is there already sends no content', () => {
    const surroundings = make();
    surroundings.makeDirectory('/source/directory');
    surroundings.write('/source/empty', '');
    surroundings.write('/source/directory/small', 'content');
    surroundings.write('/source/large', Buffer.alloc(3_000_000, 'x'));
    surroundings.setTime('/source/large', 1_600_000_000, 123_456_789);
    expect(copy(surroundings).blocksRead).not.toEqual([]);
    const again = copy(surroundings);
    expect(again.blocksRead).toEqual([]);
    expect(verdicts(again)).toEqual({
      empty: 'skipped',
      'directory/small': 'skipped',
      large: 'skipped',
    });
    expect(again.results.find(({ target }) => target === '/large')?.bytes).toBe(3_000_000);
    expect(surroundings.names('/target')).toEqual(['directory', 'directory/small', 'empty', 'large']);
  });

  it('of what has another size or time sends it, and so of what is no file', () => {
    const surroundings = make();
    surroundings.makeDirectory('/source');
    surroundings.makeDirectory('/target');
    for (const name of ['size', 'time', 'nanosecond', 'link']) {
      for (const path of [`/source/${name}`, `/target/${name}`]) {
        surroundings.write(path, path.slice(0, 7));
        surroundings.setTime(path, 1_600_000_000, 5);
      }
    }
    surroundings.append('/target/size', 'more');
    surroundings.setTime('/target/size', 1_600_000_000, 5);
    surroundings.setTime('/target/time', 1_600_000_001, 5);
    surroundings.setTime('/target/nanosecond', 1_600_000_000, 4);
    surroundings.remove('/target/link');
    surroundings.makeSymlink('../source/link', '/target/link');
    expect(verdicts(copy(surroundings))).toEqual({
      size: 'none',
      time: 'none',
      nanosecond: 'none',
      link: 'none',
    });
    for (const name of ['size', 'time', 'nanosecond', 'link']) {
      expect(surroundings.read(`/target/${name}`).toString()).toBe('/source');
      expect(surroundings.status(`/target/${name}`)?.kind).toBe('file');
    }
    expect(verdicts(copy(surroundings, { skip: 'nothing' }))).toMatchObject({ size: 'none', time: 'none' });
  });
});

describe('a skipped file', () => {
  it('is not opened, and has its name made durable, once for each directory: who made it may have been killed', () => {
    const machine = new FakeMachine();
    const surroundings = fakeSurroundings(machine);
    surroundings.makeDirectory('/source/a');
    surroundings.makeDirectory('/target');
    machine.syncAll();
    for (let at = 0; at < 20; at++) surroundings.write(`/source/a/${at}`, 'content');
    copy(surroundings);
    for (let at = 0; at < 20; at++) surroundings.rename(`/target/a/${at}`, `/target/a/${at}.old`);
    for (let at = 0; at < 20; at++) surroundings.rename(`/target/a/${at}.old`, `/target/a/${at}`);
    machine.log.take();
    const { results } = copy(surroundings);
    expect(results.filter(({ skipped }) => skipped)).toHaveLength(20);
    const steps = machine.log.take(/^(open file|create file|sync)/);
    expect(steps.sort()).toEqual(['sync directory /', 'sync directory /a']);
    machine.crash(allLost);
    expect(surroundings.names('/target/a')).toHaveLength(20);
  });
});
