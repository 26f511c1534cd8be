import { describe, expect, it } from 'vitest';
import type { Directory, OpenFile } from '../../file-system.ts';
import { FakeMachine, Interruption, type MachineOptions } from './fake-machine.ts';
import { fakeSurroundings } from './fake-surroundings.ts';
import { allKept, allLost } from './fate.ts';

const SEEDS = 200;
const MEBIBYTE = 2 ** 20;

function machineWith(options: MachineOptions = {}) {
  const machine = new FakeMachine(options);
  return { machine, surroundings: fakeSurroundings(machine), directory: machine.start().openDirectory([]) };
}

function create(directory: Directory, name: string, content: string | Uint8Array): OpenFile {
  const file = directory.createFile(name, name);
  file.write(Buffer.from(content as string), 0);
  return file;
}

const refused = (code: string) => expect.objectContaining({ code });

describe('a power cut', () => {
  it('leaves what was synced, whatever the seed and the order', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { machine, surroundings, directory } = machineWith({ seed, order: seed % 2 ? 'any' : 'journal' });
      const file = create(directory, 'partial', 'content');
      file.setMode(0o640);
      file.sync();
      directory.rename('partial', 'final');
      directory.sync();
      create(directory, 'later', 'lost or not');
      machine.crash();
      expect(surroundings.read('/final').toString(), `seed ${seed}`).toBe('content');
      expect(surroundings.status('/final')?.mode).toBe(0o640);
      expect(surroundings.names()).not.toContain('partial');
    }
  });

  it('leaves all that a sync of the volume found', () => {
    const { machine, surroundings, directory } = machineWith({ order: 'any' });
    const volume = directory.openVolume()!;
    create(directory, 'a', 'a').close();
    directory.makeDirectory('d');
    volume.sync();
    machine.crash(allLost);
    expect(surroundings.names()).toEqual(['a', 'd']);
    expect(surroundings.read('/a').toString()).toBe('a');
  });

  it('takes what was not synced, when it takes all', () => {
    const { machine, surroundings, directory } = machineWith();
    create(directory, 'a', 'a');
    directory.makeDirectory('d');
    machine.crash(allLost);
    expect(surroundings.names()).toEqual([]);
  });

  it('takes nothing, when it takes nothing', () => {
    const { machine, surroundings, directory } = machineWith();
    create(directory, 'a', 'a');
    machine.crash(allKept);
    expect(surroundings.read('/a').toString()).toBe('a');
  });

  it('brings back what was removed, if the removal was not synced', () => {
    const { machine, surroundings, directory } = machineWith();
    create(directory, 'a', 'a').close();
    machine.syncAll();
    directory.remove('a');
    machine.crash(allLost);
    expect(surroundings.read('/a').toString()).toBe('a');
  });

  it('leaves names that came before a synced file only where there is a journal', () => {
    const found = (['journal', 'any'] as const).map((order) => {
      const { machine, surroundings, directory } = machineWith({ order });
      create(directory, 'a', 'a');
      create(directory, 'b', 'b').sync();
      machine.crash(allLost);
      return surroundings.names();
    });
    expect(found).toEqual([['a', 'b'], []]);
  });

  it('leaves a rename half done only where there is no journal', () => {
    const found = (['journal', 'any'] as const).map((order) => {
      const seen = new Set<string>();
      for (let seed = 1; seed <= SEEDS; seed++) {
        const { machine, surroundings, directory } = machineWith({ order, seed });
        create(directory, 'old', '').close();
        machine.syncAll();
        directory.rename('old', 'new');
        machine.crash();
        seen.add(surroundings.names().join());
      }
      return [...seen].sort();
    });
    expect(found).toEqual([
      ['new', 'old'],
      ['', 'new', 'new,old', 'old'],
    ]);
  });

  it('ends every process: what its code does then is done by nobody', () => {
    const { machine, surroundings, directory } = machineWith();
    machine.endAt(machine.log.steps + 2);
    const file = directory.createFile('a', 'a');
    expect(() => file.write(Buffer.from('a'), 0)).toThrow(Interruption);
    expect(() => directory.sync()).toThrow(Interruption);
    expect(() => file.close()).toThrow(Interruption);
    expect(machine.start().descriptors).toBe(0);
    expect(surroundings.names().length).toBeLessThanOrEqual(1);
  });

  it('is the same for the same seed', () => {
    const [first, second] = [1, 2].map(() => {
      const { machine, surroundings, directory } = machineWith({ seed: 7 });
      for (let at = 0; at < 20; at++) create(directory, String(at), new Uint8Array(9000).fill(at));
      machine.crash();
      return surroundings.names().map((name) => surroundings.read(name));
    });
    expect(first).toEqual(second);
  });
});

describe('a kill', () => {
  it('leaves all that was written', () => {
    const { machine, surroundings, directory } = machineWith();
    create(directory, 'a', 'a');
    machine.endAt(machine.log.steps + 1, 'kill');
    expect(() => directory.sync()).toThrow(Interruption);
    expect(surroundings.read('/a').toString()).toBe('a');
    machine.crash(allLost);
    expect(surroundings.names()).toEqual([]);
  });
});

describe('a write-back that fails', () => {
  it('is told once, and what was written is lost although the next sync succeeds', () => {
    const { machine, surroundings, directory } = machineWith();
    const file = create(directory, 'a', 'a');
    machine.faults.add({ operation: 'write-back', errno: 'EIO', times: 1 });
    expect(() => file.sync()).toThrow(refused('io-error'));
    file.sync();
    directory.sync();
    expect(surroundings.read('/a').toString()).toBe('a');
    machine.crash();
    expect(surroundings.read('/a').toString()).toBe('');
  });

  it('is told to everybody who had the file or its volume open, and to nobody who opens it later', () => {
    const { machine, directory } = machineWith();
    const volume = directory.openVolume()!;
    const [written, other] = [create(directory, 'a', 'a'), directory.openFile('a')];
    machine.faults.add({ operation: 'write-back', errno: 'ENOSPC' });
    written.continueWriteBack();
    expect(() => written.continueWriteBack()).toThrow(refused('disk-full'));
    expect(() => other.sync()).toThrow(refused('disk-full'));
    written.close();
    other.close();
    directory.openFile('a').sync();
    expect(() => volume.sync()).toThrow(refused('disk-full'));
    volume.sync();
    directory.openVolume()!.sync();
  });

  it('after the file was closed is told by the volume alone', () => {
    const { machine, directory } = machineWith();
    const volume = directory.openVolume()!;
    create(directory, 'a', 'a').close();
    machine.faults.add({ operation: 'write-back', errno: 'EIO', path: /a/ });
    expect(() => volume.sync()).toThrow(refused('io-error'));
    directory.openFile('a').sync();
  });
});

describe('room', () => {
  it('ends in the middle of a write, and comes back when a file is gone and nobody has it open', () => {
    const { surroundings, directory } = machineWith({ capacityBytes: MEBIBYTE });
    const first = create(directory, 'a', new Uint8Array(MEBIBYTE / 2));
    const second = directory.createFile('b', 'b');
    expect(() => second.write(new Uint8Array(MEBIBYTE), 0)).toThrow(refused('disk-full'));
    expect(surroundings.status('/b')?.size).toBe(MEBIBYTE / 2);
    directory.remove('a');
    expect(() => second.write(new Uint8Array(1), MEBIBYTE / 2)).toThrow(refused('disk-full'));
    first.close();
    second.write(new Uint8Array(MEBIBYTE / 2), MEBIBYTE / 2);
    second.write(new Uint8Array(MEBIBYTE), 0);
  });

  it('of an account ends likewise', () => {
    const { directory } = machineWith({ quotaBytes: 4096, capacityBytes: MEBIBYTE });
    expect(() => create(directory, 'a', new Uint8Array(5000))).toThrow(refused('quota-exceeded'));
  });

  it('that the disk never had is missed at the sync', () => {
    const { machine, surroundings, directory } = machineWith({ diskBytes: MEBIBYTE });
    const first = create(directory, 'a', new Uint8Array(MEBIBYTE).fill(1));
    const second = create(directory, 'b', new Uint8Array(MEBIBYTE).fill(2));
    first.sync();
    expect(() => second.sync()).toThrow(refused('disk-full'));
    directory.sync();
    machine.crash();
    expect(surroundings.read('/a').equals(Buffer.alloc(MEBIBYTE, 1))).toBe(true);
    expect(surroundings.status('/b')?.size).toBe(0);
  });
});

describe('limits and faults', () => {
  it('a process has so many descriptors and no more', () => {
    const machine = new FakeMachine();
    const process = machine.start({ maxDescriptors: 2 });
    const directory = process.openDirectory([]);
    const file = directory.createFile('a', 'a');
    expect(() => directory.createFile('b', 'b')).toThrow(refused('too-many-open-files'));
    expect(() => directory.sync()).toThrow(refused('too-many-open-files'));
    expect(() => directory.names().next()).toThrow(refused('too-many-open-files'));
    expect(directory.status('b')).toBeUndefined();
    file.close();
    directory.sync();
    expect(process.descriptors).toBe(1);
  });

  it('a read-only volume is read', () => {
    const { machine, surroundings, directory } = machineWith();
    surroundings.write('/a', 'a');
    machine.volume.options.readOnly = true;
    expect(directory.openFile('a').read(new Uint8Array(1), 0)).toBe(1);
    const attempts = [
      () => directory.createFile('b', 'b'),
      () => directory.reopenFile('a', 'a'),
      () => directory.makeDirectory('d'),
      () => directory.rename('a', 'b'),
      () => directory.remove('a'),
      () => directory.setModificationTime(1, 1),
    ];
    for (const attempt of attempts) expect(attempt).toThrow(refused('read-only'));
  });

  it('a directory that nobody may read gives no names and no volume', () => {
    const { surroundings, directory } = machineWith();
    surroundings.setMode('/', 0o111);
    expect(() => directory.names().next()).toThrow(refused('permission-denied'));
    expect(directory.openVolume()).toBeUndefined();
    directory.sync();
  });

  it('an operation fails as often, where and from when on it is told to', () => {
    const { machine, directory } = machineWith();
    machine.faults.add({ operation: 'create file', errno: 'EACCES', path: /x$/, after: 1, times: 1 });
    const outcomes = ['ax', 'b', 'cx', 'dx'].map((name) => {
      try {
        directory.createFile(name, name);
        return 'made';
      } catch (error) {
        return (error as { code: string }).code;
      }
    });
    expect(outcomes).toEqual(['made', 'made', 'permission-denied', 'made']);
  });

  it('an operation fails by chance, the same for the same seed', () => {
    const [first, second, third] = [1, 1, 2].map((seed) => {
      const { machine, directory } = machineWith({ seed });
      machine.faults.add({ operation: 'make directory', errno: 'EIO', chance: 0.5 });
      return Array.from({ length: 64 }, (_, at) => {
        try {
          return directory.makeDirectory(String(at));
        } catch {
          return undefined;
        }
      });
    });
    expect(first).toEqual(second);
    expect(first).not.toEqual(third);
  });

  it('a bit of a file at rest is another one', () => {
    const { machine, surroundings } = machineWith();
    surroundings.write('/a', 'abc');
    machine.syncAll();
    machine.flipBit('/a', 1, 0);
    machine.crash();
    expect(surroundings.read('/a').toString()).toBe('acc');
  });

  it('what is mounted is another device, and nothing is renamed from one to the other', () => {
    const { machine, surroundings, directory } = machineWith();
    surroundings.makeDirectory('/mounted');
    const volume = machine.mount('/mounted', { capacityBytes: 0 });
    surroundings.write('/a', 'a');
    expect(machine.start().openDirectory(['mounted']).device).toBe(volume.device);
    expect(volume.device).not.toBe(directory.device);
    expect(() => surroundings.rename('/a', '/mounted/a')).toThrow(refused('EXDEV'));
    expect(() => surroundings.write('/mounted/a', 'a')).toThrow(refused('ENOSPC'));
  });
});

describe('the log', () => {
  it('has what was done, for messages and for tests of an order', () => {
    const { machine, directory } = machineWith();
    machine.log.take();
    create(directory, 'a', 'a').sync();
    directory.rename('a', 'b\x1b');
    expect(String(machine.log)).toBe('create file /a\nwrite /a\nsync file /a\nrename /b\\x1b');
    expect(machine.log.take(/^(sync|rename)/)).toEqual(['sync file /a', 'rename /b\x1b']);
    expect(machine.log.take()).toEqual([]);
  });

  it('counts what a disk would have needed: a sync of all costs less than one of each', () => {
    const [each, all] = [true, false].map((oneByOne) => {
      const { machine, directory } = machineWith();
      const volume = directory.openVolume()!;
      for (let at = 0; at < 100; at++) {
        const file = create(directory, String(at), 'x');
        if (oneByOne) file.sync();
        file.close();
      }
      volume.sync();
      return machine.log.diskTimeUs;
    });
    expect(each).toBeGreaterThan(10 * all!);
  });

  it('a clock that is set back makes files older', () => {
    const { machine, surroundings } = machineWith();
    surroundings.write('/before', '');
    machine.moveClock(-3600);
    surroundings.write('/after', '');
    const [before, after] = ['/before', '/after'].map((path) => surroundings.status(path)!.mtimeSeconds);
    expect(before! - after!).toBe(3600);
  });
});
