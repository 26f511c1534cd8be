import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downloadPlace } from './download-place.ts';

describe('the place of a download', () => {
  let base: string;

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'jetstream-place-'));
  });

  afterEach(() => rmSync(base, { recursive: true }));

  it('is the same before its directories are made and after', () => {
    const targets = [join(base, 'new/deep/file')];
    const before = downloadPlace(targets);
    mkdirSync(join(base, 'new/deep/file'), { recursive: true });
    expect(downloadPlace(targets)).toBe(before);
    expect(before).toMatch(/^[0-9a-f]{32}$/);
  });

  it('is the same by whatever link it is reached, and another elsewhere', () => {
    mkdirSync(join(base, 'real'));
    symlinkSync(join(base, 'real'), join(base, 'link'));
    expect(downloadPlace([join(base, 'link/file')])).toBe(downloadPlace([join(base, 'real/file')]));
    expect(downloadPlace([join(base, 'file')])).not.toBe(downloadPlace([join(base, 'real/file')]));
  });

  it('is what all targets have in common', () => {
    const one = downloadPlace([join(base, 'one')]);
    expect(downloadPlace([join(base, 'one'), join(base, 'two')])).toBe(one);
    expect(downloadPlace([join(base, 'a/one'), join(base, 'ab/two')])).toBe(one);
    expect(downloadPlace([join(base, 'a/b/c'), join(base, 'one')])).toBe(one);
    expect(downloadPlace(['/one', '/two/three'])).toBe(downloadPlace(['/']));
  });
});
