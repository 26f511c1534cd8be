import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openState } from './open-state.ts';
import { segmentOf, updateOf } from './testing/records.ts';
import { freshDirectory } from './testing/temporary-directory.ts';

const KEYS = Array.from({ length: 60 }, (_, file) => `/d/file-${file}`);

let template: string;

/** With tables and a log, as after some use. */
beforeAll(async () => {
  template = join(mkdtempSync(join(tmpdir(), 'jetstream-state-')), 'level');
  const update = (key: string) => updateOf(key, [segmentOf(0, [0, 1, 2]), segmentOf(1, [5])]);
  for (const half of [KEYS.slice(0, 30), KEYS.slice(30)]) {
    const state = await openState(template);
    await state.resume.save(half.map(update));
    await state.close();
  }
  // The second opening has written a table of the first one's log.
  expect(filesOf(template, /\.ldb$/)).not.toEqual([]);
});

afterAll(() => rmSync(dirname(template), { recursive: true }));

function usedState(): string {
  const directory = freshDirectory();
  cpSync(template, directory, { recursive: true });
  return directory;
}

function filesOf(directory: string, name: RegExp): string[] {
  return readdirSync(directory)
    .filter((file) => name.test(file))
    .map((file) => join(directory, file));
}

function keptCopies(directory: string): string[] {
  return readdirSync(dirname(directory)).filter((name) => name.startsWith(`${basename(directory)}.damaged-`));
}

/** Opens it, reads all there is, and saves something new. @returns how many records are whole, and what was told */
async function use(directory: string): Promise<{ whole: number; notes: string[] }> {
  const notes: string[] = [];
  const state = await openState(directory, { onNote: (note) => notes.push(note) });
  let whole = 0;
  for (const key of KEYS) {
    const record = await state.resume.claim(key, {});
    if (record === undefined) continue;
    const { segments, ...header } = record;
    expect(header).toEqual({ key, ...updateOf(key, []).header });
    // What is there is what was saved.
    for (const segment of segments) {
      expect([segmentOf(0, [0, 1, 2]), segmentOf(1, [5])]).toContainEqual(segment);
    }
    if (segments.length === 2) whole++;
  }
  const update = updateOf('/new', [segmentOf(0, [1])]);
  await state.resume.save([update]).catch((error) => notes.push(String(error)));
  await state.close();
  return { whole, notes };
}

describe('a damaged state directory', () => {
  const wholesale: Record<string, (directory: string) => void> = {
    'CURRENT cut short': (directory) => truncateSync(join(directory, 'CURRENT'), 5),
    'CURRENT empty': (directory) => truncateSync(join(directory, 'CURRENT'), 0),
    'CURRENT gone': (directory) => rmSync(join(directory, 'CURRENT')),
    'the manifest empty': (directory) => truncateSync(filesOf(directory, /^MANIFEST/)[0]!, 0),
    'the manifest gone': (directory) => rmSync(filesOf(directory, /^MANIFEST/)[0]!),
    'a flipped bit in the manifest': (directory) => flip(filesOf(directory, /^MANIFEST/)[0]!, 100),
    'a table gone': (directory) => rmSync(filesOf(directory, /\.ldb$/)[0]!),
    'a table cut short': (directory) => {
      const [table] = filesOf(directory, /\.ldb$/);
      truncateSync(table!, statSync(table!).size >> 1);
    },
    'a table of zeros': (directory) => {
      const [table] = filesOf(directory, /\.ldb$/);
      writeFileSync(table!, new Uint8Array(statSync(table!).size));
    },
  };

  it.each(Object.entries(wholesale))('with %s is repaired, and a copy is kept', async (_, damage) => {
    const directory = usedState();
    damage(directory);
    const { notes, whole } = await use(directory);
    expect(notes[0]).toMatch(/was damaged and (has been repaired|begins anew).*damaged-1/);
    expect(keptCopies(directory)).toEqual([`${basename(directory)}.damaged-1`]);
    expect(whole).toBeGreaterThan(0);
    expect(await use(directory)).toEqual({ whole, notes: [] });
  });

  it('begins anew where nothing can be repaired', async () => {
    const directory = usedState();
    for (const file of filesOf(directory, /ldb|MANIFEST|log$/))
      writeFileSync(file, 'nothing of this is a database');
    expect(await use(directory)).toMatchObject({ whole: 0, notes: [expect.stringContaining('damaged')] });
    expect(await use(directory)).toEqual({ whole: 0, notes: [] });
  });

  it('keeps no more than five copies', async () => {
    const directory = usedState();
    for (let time = 0; time < 6; time++) {
      rmSync(join(directory, 'CURRENT'));
      expect((await use(directory)).notes).toHaveLength(1);
    }
    expect(keptCopies(directory)).toHaveLength(5);
  });

  it('goes on with a repair that was killed, and waits for one that runs', async () => {
    const directory = usedState();
    rmSync(join(directory, 'CURRENT'));
    writeFileSync(`${directory}.repairing`, String(process.ppid));
    await expect(openState(directory)).rejects.toMatchObject({
      code: 'state-locked',
      message: expect.stringContaining('repairs'),
    });
    for (const stale of ['', '0', '-1', '999999999', 'x']) {
      writeFileSync(`${directory}.repairing`, stale);
      expect((await use(directory)).whole).toBe(KEYS.length);
      rmSync(join(directory, 'CURRENT'));
    }
  });

  it('gives nothing that was not saved, whichever bit of a table or log is flipped', async () => {
    for (const kind of [/\.ldb$/, /\.log$/]) {
      for (let part = 0; part < 5; part++) {
        const directory = usedState();
        const file = filesOf(directory, kind)[0]!;
        const size = statSync(file).size;
        flip(file, Math.floor((size * 8 * (part + 0.5)) / 5));
        const { whole } = await use(directory);
        expect(whole).toBeLessThanOrEqual(KEYS.length);
        // And it can be opened again.
        await use(directory);
      }
    }
  });
});

function flip(file: string, bit: number): void {
  const bytes = readFileSync(file);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  writeFileSync(file, bytes);
}
