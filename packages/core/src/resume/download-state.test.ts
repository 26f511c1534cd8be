import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openState } from '@jetstream/state';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downloadPlace } from './download-place.ts';
import { DownloadState } from './download-state.ts';

const holder = { giveWay: async () => false };

describe('the state of downloads to one place', () => {
  let base: string;
  let targets: string[];
  let notes: string[];

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'jetstream-downloads-'));
    targets = [join(base, 'target/file')];
    notes = [];
  });

  afterEach(() => rmSync(base, { recursive: true }));

  function open(): DownloadState {
    return new DownloadState(base, targets, (note) => notes.push(note));
  }

  function kept(): string[] {
    return readdirSync(join(base, 'downloads'));
  }

  it('is shared by all downloads of the process, and goes with the last of them', async () => {
    const [one, other] = [open(), open()];
    expect(await one.ready).toBe(await other.ready);
    expect((await one.ready).journal('me', holder, () => undefined)).toBeDefined();
    await Promise.all([one.close(), one.close()]);
    expect(kept()).toEqual([downloadPlace(targets)]);
    const closing = other.close();
    const next = open();
    await closing;
    await next.ready;
    expect(kept()).toEqual([downloadPlace(targets)]);
    await next.close();
    expect(kept()).toEqual([]);
    expect(notes).toEqual([]);
  });

  it('is one that keeps nothing, and says so, when another process has it', async () => {
    const directory = join(base, 'downloads', downloadPlace(targets));
    const theirs = await openState(directory);
    const ours = open();
    const state = await ours.ready;
    expect(state.journal('me', holder, () => undefined)).toBeUndefined();
    expect(state.newTransferId()).toMatch(/^[0-9a-f]{24}$/);
    expect(notes).toEqual([expect.stringMatching(/is not recorded.*another process has/)]);
    await ours.close();
    await theirs.close();
    const later = open();
    expect((await later.ready).journal('me', holder, () => undefined)).toBeDefined();
    await later.close();
  });

  it('tells each download what it was opened with', async () => {
    const first = open();
    const journal = (await first.ready).journal('me', holder, () => undefined)!;
    await journal.claim([{ index: 0, key: '/d/file' }]);
    const header = {
      partialName: '.file',
      partialInode: 1,
      size: 1,
      mtimeSeconds: 1,
      mtimeNanoseconds: 1,
      sourceInode: 1,
    };
    await journal.save([{ key: '/d/file', header, segments: [] }]);
    await first.close();
    truncateSync(join(base, 'downloads', downloadPlace(targets), 'CURRENT'), 1);
    const ahead = new DownloadState(base, targets);
    await ahead.ready;
    const second = open();
    await second.ready;
    expect(notes).toEqual([expect.stringContaining('damaged')]);
    await Promise.all([ahead.close(), second.close()]);
  });

  it('is one that keeps nothing where its directory cannot be made', async () => {
    writeFileSync(join(base, 'downloads'), 'a file');
    const state = open();
    expect((await state.ready).journal('me', holder, () => undefined)).toBeUndefined();
    await state.close();
    expect(notes).toHaveLength(1);
  });
});
