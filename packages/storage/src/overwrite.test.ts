import { BLOCK_BYTES } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import type { OverwriteMode } from './overwrite-mode.ts';
import type { ResumeLookup, ResumeUpdate } from './resume-record.ts';
import { bothMachines } from './testing/both-machines.ts';
import { copyTree, verdicts } from './testing/copy-tree.ts';
import { FakeMachine, Interruption } from './testing/fake/fake-machine.ts';
import { fakeSurroundings } from './testing/fake/fake-surroundings.ts';
import { randomContent } from './testing/random-tree.ts';
import { RecordStore } from './testing/record-store.ts';
import { seededRandom } from './testing/seeded-random.ts';
import type { Surroundings } from './testing/surroundings.ts';

const MODES: OverwriteMode[] = [
  'in-place-never',
  'in-place-always',
  'in-place-same-size',
  'partfile-never',
  'partfile-always',
  'partfile-backup',
];
const NEW = Buffer.alloc(2 * BLOCK_BYTES + 5, 'new');

/** Both directories, and a file in the one that is to be copied. */
function withSource(surroundings: Surroundings, content: Uint8Array = NEW): Surroundings {
  surroundings.makeDirectory('/source');
  surroundings.makeDirectory('/target');
  surroundings.write('/source/f', content);
  surroundings.setMode('/source/f', 0o755);
  surroundings.setTime('/source/f', 1_600_000_000, 123_000);
  return surroundings;
}

/** The new file stands there, as its source is. */
function expectNew(surroundings: Surroundings): void {
  expect(surroundings.read('/target/f').equals(surroundings.read('/source/f'))).toBe(true);
  const { kind, mtimeSeconds, mtimeNanoseconds, mode } = surroundings.status('/target/f')!;
  expect({ kind, mtimeSeconds, mtimeNanoseconds, mode: mode & 0o111 }).toEqual({
    kind: 'file',
    mtimeSeconds: 1_600_000_000,
    mtimeNanoseconds: 123_000,
    mode: 0o111,
  });
}

const OLD = Buffer.concat([NEW.subarray(0, BLOCK_BYTES), Buffer.alloc(BLOCK_BYTES + 5, 'old')]);
const STANDING: Record<string, (surroundings: Surroundings) => void> = {
  nothing: () => {},
  older: (surroundings) => surroundings.write('/target/f', OLD),
  shorter: (surroundings) => surroundings.write('/target/f', OLD.subarray(0, BLOCK_BYTES + 7)),
  longer: (surroundings) => surroundings.write('/target/f', Buffer.concat([OLD, OLD])),
  empty: (surroundings) => surroundings.write('/target/f', ''),
  directory: (surroundings) => surroundings.makeDirectory('/target/f'),
  symlink(surroundings) {
    surroundings.write('/target/other', OLD);
    surroundings.makeSymlink('other', '/target/f');
  },
  dangling: (surroundings) => surroundings.makeSymlink('nowhere', '/target/f'),
  fifo: (surroundings) => surroundings.makeFifo('/target/f'),
  'hard link'(surroundings) {
    surroundings.write('/target/other', OLD);
    surroundings.link('/target/other', '/target/f');
  },
};

describe.each(bothMachines)('an overwrite mode on %s', (_, make) => {
  const never = { nothing: 'none', directory: 'is-a-directory', fifo: 'special-file' };
  const always = Object.fromEntries(Object.keys(STANDING).map((standing) => [standing, 'none']));
  const exists = Object.fromEntries(Object.keys(STANDING).map((standing) => [standing, 'already-exists']));
  const links = { symlink: 'path-refused', dangling: 'path-refused' };
  const expected: Record<OverwriteMode, Record<string, string>> = {
    'in-place-never': { ...exists, ...never },
    'in-place-always': { ...always, ...never, ...links },
    'in-place-same-size': {
      ...exists,
      ...never,
      ...links,
      older: 'none',
      empty: 'none',
      'hard link': 'none',
    },
    'partfile-never': { ...exists, ...never },
    'partfile-always': { ...always, ...never },
    'partfile-backup': { ...always, ...never },
  };

  it.each(MODES)('gives the new file or says why not, and then leaves what stands there: %s', (overwrite) => {
    const found: Record<string, string> = {};
    for (const [standing, put] of Object.entries(STANDING)) {
      const surroundings = withSource(make());
      put(surroundings);
      const before = surroundings
        .names('/target')
        .map((name) => [name, surroundings.status(`/target/${name}`)]);
      const { results, sentBytes } = copyTree(surroundings, { overwrite });
      const { code, message } = results.find(({ target }) => target === '/f')!;
      found[standing] = code;
      if (code === 'none') {
        expectNew(surroundings);
        continue;
      }
      expect(message).toContain('/f: ');
      expect(sentBytes).toBe(0);
      const after = surroundings
        .names('/target')
        .map((name) => [name, surroundings.status(`/target/${name}`)]);
      expect(after).toEqual(before);
    }
    expect(found).toEqual(expected[overwrite]);
  });

  it('that replaces makes a file of its own; one in place keeps the file, with its other names and who may read it', () => {
    for (const overwrite of ['partfile-always', 'partfile-backup', 'in-place-always'] as const) {
      const surroundings = withSource(make());
      STANDING['hard link']!(surroundings);
      surroundings.setMode('/target/f', 0o640);
      const { inode } = surroundings.status('/target/f')!;
      copyTree(surroundings, { overwrite });
      const isSameFile = surroundings.status('/target/f')?.inode === inode;
      expect(isSameFile).toBe(overwrite === 'in-place-always');
      expect(surroundings.read('/target/other').equals(isSameFile ? NEW : OLD)).toBe(true);
      expect(surroundings.status('/target/f')?.mode).toBe(0o750);
    }
  });

  it('that backs up keeps what stood there, in place of an older backup, and never writes through a link', () => {
    const surroundings = withSource(make());
    surroundings.write('/target/f', 'old');
    surroundings.write('/target/f.jetbak', 'older');
    copyTree(surroundings, { overwrite: 'partfile-backup' });
    expectNew(surroundings);
    expect(surroundings.read('/target/f.jetbak').toString()).toBe('old');
    surroundings.remove('/target/f');
    surroundings.makeSymlink('f.jetbak', '/target/f');
    copyTree(surroundings, { overwrite: 'partfile-backup' });
    expectNew(surroundings);
    expect(surroundings.status('/target/f.jetbak')?.kind).toBe('symlink');
    expect(verdicts(copyTree(surroundings, { overwrite: 'partfile-backup' }))).toEqual({ f: 'skipped' });
    expect(surroundings.names('/target')).toEqual(['f', 'f.jetbak']);
  });

  it('that backs up replaces no file of the same transfer, and cuts a name that is too long', () => {
    const surroundings = withSource(make());
    const long = 'x'.repeat(255);
    for (const name of [long, 'f.jetbak']) surroundings.write(`/source/${name}`, 'new');
    for (const name of [long, 'f', 'f.jetbak']) surroundings.write(`/target/${name}`, 'old version');
    expect(verdicts(copyTree(surroundings, { overwrite: 'partfile-backup' }))).toEqual({
      f: 'already-exists',
      'f.jetbak': 'none',
      [long]: 'none',
    });
    expect(surroundings.read('/target/f').toString()).toBe('old version');
    expect(surroundings.read('/target/f.jetbak').toString()).toBe('new');
    expect(surroundings.read('/target/f.jetbak.jetbak').toString()).toBe('old version');
    expect(surroundings.read(`/target/${'x'.repeat(248)}.jetbak`).toString()).toBe('old version');
    expect(surroundings.names('/target')).toHaveLength(5);
  });

  it('that never replaces does not so either when something comes to be there meanwhile, and leaves the copy beside it', () => {
    for (const overwrite of ['partfile-never', 'in-place-never'] as const) {
      const surroundings = withSource(make());
      const { results } = copyTree(surroundings, {
        overwrite,
        transfer: {
          tamper(block) {
            if (block === (overwrite === 'partfile-never' ? 2 : 0)) surroundings.write('/target/f', 'theirs');
          },
        },
      });
      const { code, message } = results.find(({ target }) => target === '/f')!;
      expect(code).toBe('already-exists');
      expect(surroundings.read('/target/f').toString()).toBe('theirs');
      const [kept] = surroundings.names('/target').filter((name) => name !== 'f');
      if (overwrite === 'in-place-never') {
        expect(kept).toBeUndefined();
        continue;
      }
      expect(message).toContain(kept);
      expect(surroundings.read(`/target/${kept}`).equals(NEW)).toBe(true);
    }
  });
});

describe.each(bothMachines)('an older version on %s', (_, make) => {
  it.each(MODES.filter((mode) => mode.endsWith('always')))(
    'gives the chunks that it has: %s',
    (overwrite) => {
      for (const [standing, sent] of Object.entries({
        older: BLOCK_BYTES + 5,
        shorter: BLOCK_BYTES + 5,
        longer: BLOCK_BYTES + 5,
      })) {
        const surroundings = withSource(make());
        STANDING[standing]!(surroundings);
        const { sentBytes } = copyTree(surroundings, { overwrite });
        expectNew(surroundings);
        expect(sentBytes, standing).toBe(sent);
      }
    },
  );

  it('that is the same but for its time is not sent, and gets the right time and mode only', () => {
    for (const overwrite of ['partfile-always', 'in-place-always', 'partfile-backup'] as const) {
      const surroundings = withSource(make());
      surroundings.write('/source/small', 'content');
      surroundings.write('/target/small', 'content');
      surroundings.write('/source/empty', '');
      surroundings.write('/target/empty', '');
      surroundings.write('/target/f', NEW);
      const { inode } = surroundings.status('/target/f')!;
      const outcome = copyTree(surroundings, { overwrite });
      expect(outcome.sentBytes).toBe(0);
      expect(verdicts(outcome)).toEqual({ f: 'skipped', small: 'skipped', empty: 'skipped' });
      expect(outcome.results.find(({ target }) => target === '/f')?.digest).toHaveLength(32);
      expectNew(surroundings);
      expect(surroundings.status('/target/f')?.inode).toBe(inode);
      expect(surroundings.names('/target')).toEqual(['empty', 'f', 'small']);
      for (const name of ['small', 'empty']) {
        const times = ['source', 'target'].map((root) => {
          const { mtimeSeconds, mtimeNanoseconds } = surroundings.status(`/${root}/${name}`)!;
          return [mtimeSeconds, mtimeNanoseconds];
        });
        expect(times[0]).toEqual(times[1]);
      }
    }
  });

  it('is compared by digest also when size and time agree, where that is asked for, in every mode', () => {
    for (const overwrite of MODES) {
      const surroundings = withSource(make());
      surroundings.write('/source/same', 'content');
      for (const [name, content] of [
        ['f', OLD],
        ['same', 'content'],
      ] as const) {
        surroundings.write(`/target/${name}`, content);
        surroundings.setTime(`/source/${name}`, 1_600_000_000, 123_000);
        surroundings.setTime(`/target/${name}`, 1_600_000_000, 123_000);
      }
      const isNever = overwrite.endsWith('never');
      const found = verdicts(copyTree(surroundings, { overwrite, skip: 'by-digest' }));
      expect(found).toEqual({ same: 'skipped', f: isNever ? 'already-exists' : 'none' });
      if (isNever) expect(surroundings.read('/target/f').equals(OLD)).toBe(true);
      else expectNew(surroundings);
    }
  });

  it('that turns out to differ at its end has what was found equal copied', () => {
    for (const overwrite of ['partfile-always', 'in-place-always'] as const) {
      const content = Buffer.alloc(6 * BLOCK_BYTES, 'some');
      const surroundings = withSource(make(), content);
      surroundings.write('/target/f', Buffer.concat([content.subarray(0, -1), Buffer.from('X')]));
      const { sentBytes, results } = copyTree(surroundings, { overwrite });
      expect(sentBytes).toBe(BLOCK_BYTES);
      expect(results.filter(({ skipped }) => skipped)).toEqual([]);
      expectNew(surroundings);
    }
  });

  it('that somebody changes meanwhile gives nothing that is wrong', () => {
    const content = Buffer.alloc(5 * BLOCK_BYTES, 'some');
    for (const change of ['write', 'replace', 'remove', 'truncate'] as const) {
      for (const at of [2, 4]) {
        const surroundings = withSource(make(), content);
        const older = Buffer.concat([content.subarray(0, -1), Buffer.from('X')]);
        surroundings.write('/target/f', older);
        let isChanged = false;
        const tamper = (block: number) => {
          if (block !== at || isChanged) return;
          isChanged = true;
          const other = Buffer.alloc(content.byteLength, 'other');
          if (change === 'write') surroundings.write('/target/f', other);
          if (change === 'truncate') surroundings.truncate('/target/f', 7);
          if (change === 'replace' || change === 'remove') surroundings.remove('/target/f');
          if (change === 'replace') surroundings.write('/target/f', other);
        };
        copyTree(surroundings, { transfer: { tamper } });
        expectNew(surroundings);
        expect(surroundings.names('/target')).toEqual(['f']);
      }
    }
  });

  it('is not read when all is to be sent', () => {
    const surroundings = withSource(make());
    surroundings.write('/target/f', NEW);
    expect(copyTree(surroundings, { skip: 'nothing' }).sentBytes).toBe(NEW.byteLength);
    expectNew(surroundings);
  });
});

describe.each(bothMachines)('a hole on %s', (_, make) => {
  const holed = (surroundings: Surroundings) => {
    surroundings.write('/source/f', 'beginning');
    surroundings.truncate('/source/f', 5 * BLOCK_BYTES + 9);
    surroundings.append('/source/f', 'end');
    surroundings.truncate('/source/f', 9 * BLOCK_BYTES + 1);
    surroundings.setTime('/source/f', 1_600_000_000, 123_000);
  };

  it('stays one, or becomes one over what stood there', () => {
    for (const overwrite of ['partfile-always', 'in-place-always'] as const) {
      for (const [put, sent] of [
        [() => {}, 2],
        [
          (surroundings: Surroundings) => surroundings.write('/target/f', Buffer.alloc(6 * BLOCK_BYTES, 'x')),
          2,
        ],
        [(surroundings: Surroundings) => surroundings.write('/target/f', 'beginning'), 2],
      ] as const) {
        const surroundings = withSource(make());
        holed(surroundings);
        put(surroundings);
        expect(copyTree(surroundings, { overwrite }).sentBytes).toBeLessThanOrEqual(sent * BLOCK_BYTES);
        expectNew(surroundings);
        const file = surroundings.open('/target').openFile(['f']);
        expect(file.nextData(BLOCK_BYTES)).toBe(5 * BLOCK_BYTES);
        file.close();
      }
    }
  });

  it('in a file that is there already is nothing to be copied', () => {
    const surroundings = withSource(make());
    holed(surroundings);
    copyTree(surroundings);
    const { inode } = surroundings.status('/target/f')!;
    surroundings.setTime('/target/f', 1);
    const outcome = copyTree(surroundings);
    expect([outcome.sentBytes, verdicts(outcome)]).toEqual([0, { f: 'skipped' }]);
    expect(surroundings.status('/target/f')?.inode).toBe(inode);
    surroundings.append('/source/f', '!');
    surroundings.setTime('/source/f', 1_600_000_000, 123_000);
    copyTree(surroundings);
    expectNew(surroundings);
  });
});

describe('a file written in place', () => {
  it('has its content made durable before its time, and is unlike its source from before the first byte on', () => {
    const machine = new FakeMachine();
    const surroundings = withSource(fakeSurroundings(machine));
    surroundings.write('/target/f', OLD);
    surroundings.setTime('/target/f', 1_600_000_000, 123_000);
    machine.log.take();
    copyTree(surroundings, { overwrite: 'in-place-always', skip: 'nothing' });
    const steps = machine.log.take(/^(set|write|truncate|sync file|sync volume) \S*f$|^(set|sync)/);
    expect(steps.filter((step) => step.endsWith('/f'))).toEqual([
      'set attributes /f',
      'sync file /f',
      'write /f',
      'write /f',
      'write /f',
      'truncate /f',
      'sync file /f',
      'set attributes /f',
      'set attributes /f',
      'sync file /f',
    ]);
  });

  it('that was there already is neither written nor synced when it is right, and once when its mode is not', () => {
    const machine = new FakeMachine();
    const surroundings = withSource(fakeSurroundings(machine));
    copyTree(surroundings, { overwrite: 'in-place-always' });
    for (const [skip, steps] of [
      ['by-status', 0],
      ['by-digest', 0],
    ] as const) {
      machine.log.take();
      expect(verdicts(copyTree(surroundings, { overwrite: 'in-place-always', skip }))).toEqual({
        f: 'skipped',
      });
      expect(machine.log.take(/^(set attributes|write|truncate|sync file) \/f/)).toHaveLength(steps);
    }
    surroundings.setMode('/target/f', 0o644);
    machine.log.take();
    expect(verdicts(copyTree(surroundings))).toEqual({ f: 'skipped' });
    expectNew(surroundings);
    expect(machine.log.take(/^sync file \/f/)).toHaveLength(1);
  });
});

describe('an unfinished file in place', () => {
  it.each(['in-place-never', 'in-place-always', 'in-place-same-size'] as const)(
    'is gone on with by its record, also where nothing that stands there may be replaced: %s',
    (overwrite) => {
      const content = randomContent(seededRandom(1), 6 * BLOCK_BYTES);
      const machine = new FakeMachine();
      const surroundings = withSource(fakeSurroundings(machine), content);
      machine.syncAll();
      const store = new RecordStore();
      let isKilled = false;
      const transfer = {
        claim: (lookups: readonly ResumeLookup[]) => store.claim(lookups),
        checkpointBlocks: 2,
        onCheckpoint(updates: readonly ResumeUpdate[]) {
          store.save(updates);
          if (!isKilled && updates.length > 0) {
            isKilled = true;
            throw new Interruption();
          }
        },
      };
      expect(() => copyTree(surroundings, { overwrite, resumable: true, transfer })).toThrow(Interruption);
      machine.crash();
      const outcome = copyTree(surroundings, { overwrite, resumable: true, transfer });
      expect(verdicts(outcome)).toEqual({ f: 'none' });
      expect(outcome.sentBytes).toBe(4 * BLOCK_BYTES);
      expectNew(surroundings);
      expect(verdicts(copyTree(surroundings, { overwrite, resumable: true }))).toEqual({ f: 'skipped' });
      surroundings.append('/source/f', '!');
      const isOther = overwrite === 'in-place-always';
      expect(verdicts(copyTree(surroundings, { overwrite, resumable: true }))).toEqual({
        f: isOther ? 'none' : 'already-exists',
      });
    },
  );
});

describe('permissions', () => {
  const owners = { mayChange: true, userId: () => undefined, groupId: () => undefined };
  const preserve = { reader: { preserve: true }, preserve: true, owners };

  it.each(['partfile-always', 'in-place-always'] as const)(
    'are preserved where that is asked for, also of directories and of what is there already: %s',
    (overwrite) => {
      const machine = new FakeMachine();
      const surroundings = withSource(fakeSurroundings(machine));
      surroundings.makeDirectory('/source/d');
      surroundings.write('/source/d/g', 'content');
      surroundings.setMode('/source/d', 0o2500);
      surroundings.setMode('/source/d/g', 0o4610);
      surroundings.setMode('/source/f', 0o401);
      const root = { uid: 0, gid: 0 };
      const modes = () =>
        ['d', 'd/g', 'f'].map((name) => surroundings.status(`/target/${name}`)!.mode.toString(8));
      const uids = () => ['d', 'd/g', 'f'].map((name) => surroundings.status(`/target/${name}`)!.uid);
      const copy = (options: object) =>
        copyTree(surroundings, {
          overwrite,
          targetSystem: machine.start({ sandboxRoot: '/target', owner: root }),
          ...options,
        });
      copy({ reader: { preserve: true } });
      expect(modes()).toEqual(['755', '644', '644']);
      expect(verdicts(copy(preserve))).toEqual({ 'd/g': 'skipped', f: 'skipped' });
      expect(modes()).toEqual(['2500', '4610', '401']);
      expect(uids()).toEqual([1000, 1000, 1000]);
      machine.log.take();
      expect(verdicts(copy(preserve))).toEqual({ 'd/g': 'skipped', f: 'skipped' });
      expect(machine.log.take(/^(open file|set attributes) .*[fg]$/)).toEqual([]);
      surroundings.append('/source/f', '!');
      expect(verdicts(copy(preserve))).toEqual({ 'd/g': 'skipped', f: 'none' });
      expect(modes()).toEqual(['2500', '4610', '401']);
    },
  );
});
