import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bothMachines, refusal } from './testing/both-machines.ts';

describe.each(bothMachines)('a file of %s', (_, make) => {
  it('that shrank is read as far as it goes', () => {
    const surroundings = make();
    surroundings.write('/file', 'abcdef');
    const file = surroundings.open().openFile(['file']);
    surroundings.truncate('/file', 2);
    expect(file.read(new Uint8Array(6), 0)).toBe(2);
    surroundings.truncate('/file', 4);
    const into = Buffer.alloc(6);
    expect(file.read(into, 0)).toBe(4);
    expect(into.toString('latin1')).toBe('ab\0\0\0\0');
    file.close();
  });

  it('can be written and read on after its name is gone', () => {
    const surroundings = make();
    const directory = surroundings.open().openDirectory([]);
    const written = directory.createFile('f', 'f');
    const read = directory.openFile('f');
    directory.remove('f');
    written.write(Buffer.from('abc'), 0);
    written.sync();
    const into = Buffer.alloc(3);
    expect(read.read(into, 0)).toBe(3);
    expect(into.toString()).toBe('abc');
    expect(surroundings.names()).toEqual([]);
  });

  it('is written by whom opened it for that alone, and not after it was closed', () => {
    const surroundings = make();
    surroundings.write('/f', 'abc');
    const directory = surroundings.open().openDirectory([]);
    expect(refusal(() => directory.openFile('f').write(Buffer.from('x'), 0)).code).toBe('io-error');
    expect(refusal(() => directory.reopenFile('f', 'f').read(new Uint8Array(1), 0)).code).toBe('io-error');
    const file = directory.reopenFile('f', 'f');
    file.write(Buffer.from('X'), 1);
    file.close();
    expect(surroundings.read('/f').toString()).toBe('aXc');
  });

  it('is given away by root alone, and loses its setuid bit by that', () => {
    const surroundings = make();
    surroundings.write('/f', 'abc');
    const file = surroundings.open().openDirectory([]).reopenFile('f', 'f');
    const { uid, gid } = file.status();
    file.setMode(0o4755);
    if (uid === 0) {
      file.setOwner(1, 2);
      expect(surroundings.status('/f')).toMatchObject({ uid: 1, gid: 2, mode: 0o755 });
    } else {
      expect(refusal(() => file.setOwner(uid + 1, gid)).code).toBe('permission-denied');
      file.setOwner(uid, gid);
      expect(surroundings.status('/f')).toMatchObject({ uid, gid, mode: 0o755 });
    }
  });

  it('is cut or made longer by whom opened it for writing alone', () => {
    const surroundings = make();
    surroundings.write('/f', 'abc');
    const directory = surroundings.open().openDirectory([]);
    const file = directory.reopenFile('f', 'f');
    file.truncate(2);
    file.truncate(4);
    expect(surroundings.read('/f').toString('latin1')).toBe('ab\0\0');
    const read = directory.openFile('f');
    expect(refusal(() => read.truncate(0)).code).toBe('io-error');
    expect(refusal(() => read.punchHole(0, 1)).code).toBe('io-error');
  });

  it('of 1 TiB gets a hole in no time', () => {
    const surroundings = make();
    const file = surroundings.open().openDirectory([]).createFile('sparse', 'sparse');
    for (const position of [0, 2 ** 39, 2 ** 40]) file.write(Buffer.from('content'), position);
    file.punchHole(3, 2 ** 40);
    file.punchHole(2 ** 40 + 5, 2 ** 40);
    const read = surroundings.open().openFile(['sparse']);
    const into = Buffer.alloc(7);
    expect(read.status().size).toBe(2 ** 40 + 7);
    const found = [0, 2 ** 39, 2 ** 40].map((position) => {
      read.read(into, position);
      return into.toString('latin1');
    });
    expect(found).toEqual(['con\0\0\0\0', '\0'.repeat(7), '\0\0\0te\0\0']);
  });

  it('of 1 TiB has zeros where nothing was written, and is made in no time', () => {
    const surroundings = make();
    const file = surroundings.open().openDirectory([]).createFile('sparse', 'sparse');
    file.write(Buffer.from('end'), 2 ** 40);
    file.close();
    const read = surroundings.open().openFile(['sparse']);
    const into = Buffer.alloc(10, 0xee);
    expect(read.status().size).toBe(2 ** 40 + 3);
    expect(read.read(into, 2 ** 39)).toBe(10);
    expect(into).toEqual(Buffer.alloc(10));
    expect(read.read(into, 2 ** 40)).toBe(3);
    expect(into.subarray(0, 3).toString()).toBe('end');
  });

  it('is what an array of bytes is that is written, cut and read the same', () => {
    const surroundings = make();
    const directory = surroundings.open().openDirectory([]);
    const position = fc.nat(20_000);
    const action = fc.oneof(
      fc.record({ write: fc.uint8Array({ maxLength: 9000 }), position }),
      fc.record({ truncate: position }),
      fc.record({ cut: position }),
      fc.record({ punch: position, byteLength: fc.integer({ min: 1, max: 9000 }) }),
      fc.record({ read: fc.nat(9000), position }),
    );
    let files = 0;
    const check = fc.property(fc.array(action, { maxLength: 12 }), (actions) => {
      const name = String(files++);
      const [written, read] = [directory.createFile(name, name), directory.openFile(name)];
      let model = Buffer.alloc(0);
      for (const next of actions) {
        if ('write' in next) {
          written.write(next.write, next.position);
          const end = next.write.byteLength === 0 ? 0 : next.position + next.write.byteLength;
          model = Buffer.concat([model], Math.max(model.byteLength, end));
          model.set(next.write, end === 0 ? 0 : next.position);
        } else if ('truncate' in next) {
          surroundings.truncate(`/${name}`, next.truncate);
          model = Buffer.concat([model], next.truncate);
        } else if ('cut' in next) {
          written.truncate(next.cut);
          model = Buffer.concat([model], next.cut);
        } else if ('punch' in next) {
          written.punchHole(next.punch, next.byteLength);
          model.subarray(next.punch, next.punch + next.byteLength).fill(0);
        } else {
          const into = Buffer.alloc(next.read);
          const expected = model.subarray(next.position, next.position + next.read);
          expect(read.read(into, next.position)).toBe(expected.byteLength);
          expect(into.subarray(0, expected.byteLength).equals(expected)).toBe(true);
        }
      }
      expect(surroundings.read(`/${name}`).equals(model)).toBe(true);
      written.close();
      read.close();
    });
    fc.assert(check, { numRuns: 60 });
  });

  it('has only zeros in what it calls holes, and they end where it says', () => {
    const surroundings = make();
    const directory = surroundings.open().openDirectory([]);
    const write = fc.record({ at: fc.nat(60), byteLength: fc.integer({ min: 1, max: 9000 }) });
    let files = 0;
    const check = fc.property(fc.array(write, { maxLength: 5 }), fc.nat(300_000), (writes, size) => {
      const name = String(files++);
      const file = directory.createFile(name, name);
      for (const { at, byteLength } of writes) file.write(Buffer.alloc(byteLength, 1), at * 4096);
      surroundings.truncate(`/${name}`, size);
      file.close();
      const content = surroundings.read(`/${name}`);
      const read = directory.openFile(name);
      let at = 0;
      for (let steps = 0; at < size; steps++) {
        expect(steps).toBeLessThanOrEqual(writes.length + 1);
        const data = Math.min(read.nextData(at) ?? at, size);
        expect(data).toBeGreaterThanOrEqual(at);
        expect(content.subarray(at, data).every((byte) => byte === 0)).toBe(true);
        at = data === size ? size : (read.nextHole(data) ?? size);
        if (data < size) expect(at).toBeGreaterThan(data);
      }
      expect(at).toBe(size);
      read.close();
    });
    fc.assert(check, { numRuns: 40 });
  });

  it('of 1 TiB tells its holes in as many steps as it has pieces', () => {
    const surroundings = make();
    const file = surroundings.open().openDirectory([]).createFile('sparse', 'sparse');
    file.write(Buffer.from('middle'), 2 ** 39);
    file.close();
    surroundings.truncate('/sparse', 2 ** 40);
    const read = surroundings.open().openFile(['sparse']);
    const first = read.nextData(0);
    if (first === undefined) return;
    expect(first).toBeLessThanOrEqual(2 ** 39);
    const end = read.nextHole(2 ** 39)!;
    expect(end).toBeGreaterThanOrEqual(2 ** 39 + 6);
    expect([read.nextData(2 ** 40), read.nextHole(2 ** 40)]).toEqual([Number.POSITIVE_INFINITY, 2 ** 40]);
    if (end < 2 ** 40) expect(read.nextData(end)).toBe(Number.POSITIVE_INFINITY);
  });
});
