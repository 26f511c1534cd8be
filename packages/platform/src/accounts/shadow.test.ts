import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseShadow, type ShadowEntry, ShadowFile, shadowRefusal } from './shadow.ts';

const DAY_MS = 86_400_000;
const TODAY = 20_000;
const HASH = '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7';
const line = (password: string, expiry: string | number = '') =>
  `ada:${password}:19000:0:99999:7::${expiry}:`;
const refusalOf = (text: string, day = TODAY) => {
  const entry = parseShadow(text).get('ada');
  return entry && shadowRefusal(entry, day * DAY_MS);
};

describe('shadow(5)', () => {
  it.each([HASH, '', '!', '*', '!*', '!!', '*!', 'x', '!locked', '!unprovisioned', '*LK*', '*NP*'])(
    'lets in the account whose password is %j',
    (password) => {
      expect(refusalOf(line(password))).toBe(undefined);
    },
  );

  it.each([`!${HASH}`, `!!${HASH}`, `*${HASH}`, `!*${HASH}`, '!ab/.0123456Zz', '!_J9..CCCCXBrJUJV154M'])(
    'keeps out the account whose password was locked, as %j',
    (password) => {
      expect(refusalOf(line(password))).toContain('locked');
    },
  );

  it('keeps out an account from the day of its expiry on', () => {
    for (const password of [HASH, '!', '*']) {
      for (const day of [0, 1, TODAY - 1, TODAY, -2])
        expect(refusalOf(line(password, day))).toContain('expired');
      for (const day of ['', -1, TODAY + 1, 99_999]) expect(refusalOf(line(password, day))).toBe(undefined);
    }
    expect(shadowRefusal(parseShadow(line('*', TODAY)).get('ada')!, TODAY * DAY_MS - 1)).toBe(undefined);
  });

  it.each([
    'x',
    '1e9',
    '0x7fffffff',
    ' 99999',
    '99999 ',
    '99999\r',
    '--1',
    'NaN',
    'Infinity',
    '9'.repeat(400),
  ])('keeps out an account whose expiry is %j', (expiry) => {
    expect(refusalOf(line('*', expiry))).toContain('expired');
  });

  it('reads lines that are short, long or odd, and finds nobody under a name that is not there', () => {
    const text = [
      '',
      ':',
      'ada',
      'ada:*',
      '__proto__:!$6$x:::::1:',
      `bob:!${HASH}:::::::::::`,
      '+::::::::',
      '#',
    ].join('\n');
    expect(refusalOf(text)).toBe(undefined);
    const entries = parseShadow(text);
    expect([...entries.keys()]).toEqual(['ada', '__proto__', 'bob', '+', '#']);
    expect(['', 'toString', 'a'].map((name) => entries.get(name))).toEqual([undefined, undefined, undefined]);
    expect(entries.get('bob')!.isLocked).toBe(true);
  });

  it('forbids what any line of an account forbids, whatever else stands in the file', () => {
    const field = fc.oneof(
      fc.constantFrom('', '!', '*', HASH, `!${HASH}`, '-1', '1', '30000'),
      fc.string({ unit: fc.constantFrom(...'!*$_:\n\0 9-aé') }),
    );
    const anyLine = fc.array(field, { maxLength: 12 }).map((fields) => fields.join(':'));
    const strictest = (entries: ShadowEntry[]) => ({
      isLocked: entries.some(({ isLocked }) => isLocked),
      expiryDay: Math.min(...entries.map(({ expiryDay }) => expiryDay)),
    });
    fc.assert(
      fc.property(fc.array(anyLine), fc.array(anyLine), (above, below) => {
        const one = parseShadow(above.join('\n'));
        const other = parseShadow(below.join('\n'));
        const both = parseShadow([...above, ...below].join('\n'));
        expect(new Set(both.keys())).toEqual(new Set([...one.keys(), ...other.keys()]));
        for (const [name, entry] of both) {
          const parts = [one.get(name), other.get(name)].filter((part) => part !== undefined);
          expect(entry).toEqual(strictest(parts));
          expect(entry.expiryDay).not.toBeNaN();
        }
      }),
    );
  });

  it('is read again when it has changed, and throws when it cannot be', () => {
    const directory = mkdtempSync(join(tmpdir(), 'jetstream-shadow-'));
    const path = join(directory, 'shadow');
    const file = new ShadowFile(path);
    const refusal = () => file.refusalOf('ada', TODAY * DAY_MS);
    expect(refusal()).toBe(undefined);
    for (const text of [line('*'), line(`!${HASH}`), line('!')]) {
      writeFileSync(`${path}-`, text);
      renameSync(`${path}-`, path);
      expect(refusal()).toBe(refusalOf(text));
    }
    rmSync(path);
    expect(refusal()).toBe(undefined);
    expect(() => new ShadowFile(directory).refusalOf('ada', 0)).toThrow(directory);
    rmSync(directory, { recursive: true });
  });
});
