import { describe, expect, it } from 'vitest';
import type { FileStatus } from './file-system.ts';
import { isInPlace, type OverwriteMode, type SkipRule } from './overwrite-mode.ts';
import { approach } from './standing-target.ts';

const MODES: OverwriteMode[] = [
  'in-place-never',
  'in-place-always',
  'in-place-same-size',
  'partfile-never',
  'partfile-always',
  'partfile-backup',
];

type Standing =
  | 'nothing'
  | 'equal'
  | 'same size'
  | 'other size'
  | 'empty'
  | 'directory'
  | 'symlink'
  | 'special';

function status(standing: Standing): FileStatus | undefined {
  if (standing === 'nothing') return undefined;
  const isOther = ['directory', 'symlink', 'special'].includes(standing);
  return {
    kind: isOther ? (standing as FileStatus['kind']) : 'file',
    size: standing === 'empty' ? 0 : standing === 'other size' ? 99 : 100,
    mtimeSeconds: standing === 'equal' ? 5 : 6,
    mtimeNanoseconds: 0,
    mode: 0o644,
    uid: 0,
    gid: 0,
    device: 1,
    inode: 1,
    links: 1,
  };
}

/** In a word or two. */
function chosen(standing: Standing, overwrite: OverwriteMode, skip: SkipRule, isOneChunk = true): string {
  const found = approach(
    status(standing),
    { size: 100, isOneChunk },
    { overwrite, skip },
    ({ mtimeSeconds }) => {
      return mtimeSeconds === 5;
    },
  );
  if (found.does === 'refuse') return found.code;
  if (found.does === 'skip') return 'skip';
  const where = isInPlace(overwrite) ? 'in place' : 'beside';
  const compared = found.compares ? ', compares' : '';
  return `${where}${compared}${found.mayDiffer ? '' : ', only if equal'}`;
}

describe('what is done about what stands at a target', () => {
  it.each([
    ['nothing', 'in place', 'in place', 'in place', 'beside', 'beside', 'beside'],
    ['equal', 'skip', 'skip', 'skip', 'skip', 'skip', 'skip'],
    [
      'same size',
      'already-exists',
      'in place, compares',
      'in place, compares',
      'already-exists',
      'beside, compares',
      'beside, compares',
    ],
    ['other size', 'already-exists', 'in place', 'already-exists', 'already-exists', 'beside', 'beside'],
    ['empty', 'already-exists', 'in place', 'in place', 'already-exists', 'beside', 'beside'],
    ['directory', ...Array<string>(6).fill('is-a-directory')],
    ['special', ...Array<string>(6).fill('special-file')],
    ['symlink', 'already-exists', 'path-refused', 'path-refused', 'already-exists', 'beside', 'beside'],
  ] as [Standing, ...string[]][])('when it is by its status: %s', (standing, ...expected) => {
    expect(MODES.map((mode) => chosen(standing, mode, 'by-status'))).toEqual(expected);
  });

  it('compares a file of several chunks with one of another size, too, but not with an empty one', () => {
    expect(chosen('other size', 'partfile-always', 'by-status', false)).toBe('beside, compares');
    expect(chosen('other size', 'in-place-always', 'by-digest', false)).toBe('in place, compares');
    expect(chosen('empty', 'partfile-always', 'by-status', false)).toBe('beside');
  });

  it('compares by digest what has the same size, in every mode; where nothing is replaced, it must be equal', () => {
    for (const standing of ['equal', 'same size'] as const) {
      expect(MODES.map((mode) => chosen(standing, mode, 'by-digest'))).toEqual([
        'in place, compares, only if equal',
        'in place, compares',
        'in place, compares',
        'beside, compares, only if equal',
        'beside, compares',
        'beside, compares',
      ]);
    }
    expect(chosen('other size', 'partfile-never', 'by-digest', false)).toBe('already-exists');
  });

  it('compares nothing when nothing is to be skipped', () => {
    expect(MODES.map((mode) => chosen('equal', mode, 'nothing', false))).toEqual([
      'already-exists',
      'in place',
      'in place',
      'already-exists',
      'beside',
      'beside',
    ]);
  });
});
