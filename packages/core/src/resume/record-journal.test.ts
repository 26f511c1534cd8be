import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openState, type State } from '@jetstream/state';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RecordHolder, RecordJournal } from './record-journal.ts';

const DIGESTS = new Uint8Array(128 + 32).fill(1, 0, 1);

function update(key: string, number = 0) {
  const header = {
    partialName: '.file.jspart-1',
    partialInode: 1,
    size: 5_000_000,
    mtimeSeconds: 3,
    mtimeNanoseconds: 4,
    sourceInode: 5,
  };
  return { key, header, segments: [{ number, digests: DIGESTS }] };
}

const nobody: RecordHolder = { giveWay: async () => false };

describe('the journal of a transfer', () => {
  let base: string;
  let state: State;
  let notes: string[];

  beforeEach(async () => {
    base = mkdtempSync(join(tmpdir(), 'jetstream-journal-'));
    state = await openState(join(base, 'level'));
    notes = [];
  });

  afterEach(async () => {
    await state.close();
    rmSync(base, { recursive: true });
  });

  function journal(holder: RecordHolder = { ...nobody }, account = '1000'): RecordJournal {
    return new RecordJournal(state.resume, account, holder, (note) => notes.push(note));
  }

  async function claimed(journal: RecordJournal, key = '/d/file') {
    const [answer] = await journal.claim([{ index: 7, key }]);
    return answer;
  }

  it('hands on what the one before it has saved, until the file is done', async () => {
    const first = journal();
    expect(await claimed(first)).toEqual({ index: 7, record: undefined });
    void first.save([update('/d/file')]);
    void first.save([update('/d/file', 1)]);
    await first.release();
    const second = journal();
    const record = (await claimed(second))?.record;
    expect(record).toMatchObject({ key: '/d/file', partialName: '.file.jspart-1' });
    expect(record?.segments.map(({ number }) => number)).toEqual([0, 1]);
    void second.save([update('/d/file', 2)]);
    await second.remove(['/d/file', '/never/there']);
    expect(await claimed(journal())).toEqual({ index: 7, record: undefined });
    expect(notes).toEqual([]);
  });

  it('removes what nobody holds: a file that got its name before its record went is skipped, not claimed', async () => {
    const killed = journal();
    await claimed(killed);
    await killed.save([update('/d/file')]);
    await killed.release();
    const next = journal({ ...nobody });
    await next.remove(['/d/file']);
    expect((await claimed(next))?.record).toBeUndefined();
  });

  it('knows nothing of the records of other accounts, but leaves their partial files alone', async () => {
    const mine = journal();
    await claimed(mine);
    await mine.save([update('/d/file')]);
    const other = journal({ ...nobody }, '1001');
    expect(await claimed(other)).toEqual({ index: 7, record: undefined });
    const [recorded, dead] = ['/d/.file.jspart-1', '/d/.file.jspart-2'].map((path) => ({
      path,
      components: ['d'],
      name: path.slice(3),
    }));
    expect(await other.dead([recorded!, dead!])).toEqual([dead]);
    await other.remove(['/d/file']);
    await mine.release();
    expect((await claimed(journal()))?.record).toBeDefined();
  });

  it('keeps no record of what a living transfer copies, and asks it once', async () => {
    let asked = 0;
    const living = journal({
      giveWay: async () => {
        asked++;
        return false;
      },
    });
    await living.claim(['/d/file', '/d/other'].map((key, index) => ({ index, key })));
    await living.save([update('/d/file')]);
    const late = journal();
    expect(await late.claim(['/d/file', '/d/other'].map((key, index) => ({ index, key })))).toEqual([
      { index: 0, record: undefined, recordable: false },
      { index: 1, record: undefined, recordable: false },
    ]);
    await late.save([update('/d/file', 5), update('/d/other', 5)]);
    await late.remove(['/d/file']);
    await late.release();
    expect(asked).toBe(1);
    expect(notes).toEqual([expect.stringContaining('is running')]);
    await living.release();
    const after = journal();
    expect((await claimed(after))?.record?.segments).toMatchObject([{ number: 0 }]);
    expect((await claimed(after, '/d/other'))?.record).toBeUndefined();
  });

  it('goes on from what a transfer had that has fallen silent', async () => {
    const silent: RecordHolder = {
      giveWay: async () => {
        void suspended.save([update('/d/file', 3)]);
        await suspended.release();
        return true;
      },
    };
    const suspended = journal(silent);
    await claimed(suspended);
    const next = journal();
    expect((await claimed(next))?.record?.segments).toMatchObject([{ number: 3 }]);
    // What comes late of the one before changes nothing.
    await suspended.save([update('/d/file', 4)]);
    await suspended.remove(['/d/file']);
    await next.release();
    expect((await claimed(journal()))?.record?.segments).toHaveLength(1);
    expect(notes).toEqual([expect.stringContaining('silent')]);
  });

  it('ends two silent transfers that each want what the other one holds', async () => {
    const journals: RecordJournal[] = [];
    const makeSilent = (number: number) =>
      journal({
        giveWay: async () => {
          await journals[number]!.release();
          return true;
        },
      });
    journals.push(makeSilent(0), makeSilent(1));
    const [one, other] = journals as [RecordJournal, RecordJournal];
    await Promise.all([claimed(one, '/d/one'), claimed(other, '/d/other')]);
    await Promise.all([claimed(one, '/d/other'), claimed(other, '/d/one')]);
    for (const key of ['/d/one', '/d/other']) {
      expect(await claimed(journal(), key)).not.toHaveProperty('recordable');
    }
  });

  it('claims nothing after its release', async () => {
    const over = journal();
    await over.release();
    expect(await claimed(over)).toHaveProperty('recordable', false);
    expect(await claimed(journal())).not.toHaveProperty('recordable');
  });

  it('says once that nothing can be saved, and never fails', async () => {
    const broken = journal();
    await claimed(broken);
    const save = state.resume.save;
    state.resume.save = async () => {
      throw new Error('no space left on device');
    };
    expect(await broken.save([update('/d/file')])).toBe(false);
    expect(await broken.save([update('/d/file')])).toBe(false);
    state.resume.save = save;
    expect(notes).toEqual([expect.stringMatching(/cannot be recorded.*no space left/)]);
    expect(await broken.save([update('/d/file')])).toBe(true);
    await broken.release();
    expect((await claimed(journal()))?.record).toBeDefined();
  });
});
