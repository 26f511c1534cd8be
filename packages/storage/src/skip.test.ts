import { describe, expect, it } from 'vitest';
import { bothMachines } from './testing/both-machines.ts';
import { copyTree, verdicts } from './testing/copy-tree.ts';
import { FakeMachine } from './testing/fake/fake-machine.ts';
import { fakeSurroundings } from './testing/fake/fake-surroundings.ts';
import { allLost } from './testing/fake/fate.ts';

describe.each(bothMachines)('a copy to %s', (_, make) => {
  it('of what is there already sends no content', () => {
    const surroundings = make();
    surroundings.makeDirectory('/source/directory');
    surroundings.write('/source/empty', '');
    surroundings.write('/source/directory/small', 'content');
    surroundings.write('/source/large', Buffer.alloc(3_000_000, 'x'));
    surroundings.setTime('/source/large', 1_600_000_000, 123_456_789);
    expect(copyTree(surroundings).blocksRead).not.toEqual([]);
    const again = copyTree(surroundings);
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
    expect(verdicts(copyTree(surroundings))).toEqual({
      size: 'none',
      time: 'none',
      nanosecond: 'none',
      link: 'none',
    });
    for (const name of ['size', 'time', 'nanosecond', 'link']) {
      expect(surroundings.read(`/target/${name}`).toString()).toBe('/source');
      expect(surroundings.status(`/target/${name}`)?.kind).toBe('file');
    }
    expect(verdicts(copyTree(surroundings, { skip: 'nothing' }))).toMatchObject({
      size: 'none',
      time: 'none',
    });
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
    copyTree(surroundings);
    for (let at = 0; at < 20; at++) surroundings.rename(`/target/a/${at}`, `/target/a/${at}.old`);
    for (let at = 0; at < 20; at++) surroundings.rename(`/target/a/${at}.old`, `/target/a/${at}`);
    machine.log.take();
    const { results } = copyTree(surroundings);
    expect(results.filter(({ skipped }) => skipped)).toHaveLength(20);
    const steps = machine.log.take(/^(open file|create file|sync)/);
    expect(steps.sort()).toEqual(['sync directory /', 'sync directory /a']);
    machine.crash(allLost);
    expect(surroundings.names('/target/a')).toHaveLength(20);
  });
});
