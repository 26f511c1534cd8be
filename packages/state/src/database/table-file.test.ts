import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { describe, expect, it } from 'vitest';
import { freshDirectory } from '../testing/temporary-directory.ts';
import { crc32c } from './crc32c.ts';
import { mendTable } from './table-file.ts';

/** One table with blocks of a few entries each, as LevelDB writes it. */
async function makeTable(): Promise<Uint8Array> {
  const directory = freshDirectory();
  const database = new ClassicLevel(directory, { compression: false });
  for (let entry = 0; entry < 40; entry++) await database.put(`key-${entry}`, `value-${entry}-`.repeat(100));
  await database.compactRange('', '~');
  await database.close();
  const [name] = readdirSync(directory).filter((file) => file.endsWith('.ldb'));
  return readFileSync(join(directory, name!));
}

describe('a table of the database', () => {
  it('is sound as LevelDB writes it', async () => {
    expect(mendTable(await makeTable())).toBe('sound');
  });

  it('is found damaged wherever a bit of its blocks is flipped, and sound once it is mended', async () => {
    const table = await makeTable();
    let mended = 0;
    for (let at = 3; at < table.byteLength - 48; at += 101) {
      const flipped = table.slice();
      flipped[at]! ^= 1 << (at & 7);
      const result = mendTable(flipped);
      expect(result).not.toBe('sound');
      if (result instanceof Uint8Array) {
        mended++;
        expect(mendTable(result)).toBe('sound');
        expect(result.byteLength).toBeGreaterThan(table.byteLength / 2);
      }
    }
    expect(mended).toBeGreaterThan(100);
  });

  it('is useless, and no more, when its end is damaged or anything stands there', async () => {
    const table = await makeTable();
    for (let at = 1; at <= 48; at++) {
      const flipped = table.slice();
      flipped[table.byteLength - at]! ^= 0x55;
      mendTable(flipped);
      expect(mendTable(table.subarray(0, table.byteLength - at))).toBe('useless');
    }
    for (const length of [0, 1, 47, 48, 1_000]) expect(mendTable(new Uint8Array(length))).toBe('useless');
    const handles = Buffer.alloc(48, 0xff);
    handles.set(table.subarray(-8), 40);
    expect(mendTable(handles)).toBe('useless');
  });
});

describe('CRC-32C', () => {
  it('agrees with RFC 3720 B.4', () => {
    expect(crc32c(new Uint8Array(32), 0, 32)).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff), 0, 32)).toBe(0x62a8ab43);
    expect(
      crc32c(
        Uint8Array.from({ length: 32 }, (_, at) => at),
        0,
        32,
      ),
    ).toBe(0x46dd794e);
    expect(crc32c(Buffer.from('x123456789'), 1, 10)).toBe(0xe3069283);
  });
});
