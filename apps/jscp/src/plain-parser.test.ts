import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFully } from './full-parser.ts';
import { OPTIONS } from './option-table.ts';
import { parsePlainly } from './plain-parser.ts';

const names = Object.keys(OPTIONS).flatMap((name) => [`--${name}`, `-${name}`]);
const values = [
  'x',
  '10',
  '007',
  '-5',
  '',
  '"q"',
  "'q",
  'a b',
  'h:/f',
  'low',
  'ignore',
  'bbr',
  'true',
  '-',
  '--',
  '=',
  'É',
];
/** As `parseCommandLine` hands them on: a value that follows a short option at once was split off. */
const word = fc
  .oneof(
    fc.constantFrom(...names, '-l', '--no-json', '--acceptNew', '-qr', '-qP'),
    fc.constantFrom(...values),
    fc
      .tuple(fc.constantFrom(...names), fc.constantFrom(...values))
      .map(([name, value]) => `${name}=${value}`),
  )
  .filter((text) => !/^-[dPil]./.test(text));

describe('parsePlainly', () => {
  it('reads a command line as yargs does, or leaves it to yargs', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
        const plain = parsePlainly(argv);
        if (plain === undefined) return;
        const full = parseFully(argv);
        expect(plain.operands).toEqual(full.operands);
        for (const name of Object.keys(OPTIONS) as (keyof typeof OPTIONS)[]) {
          const option: object & { default?: string } = OPTIONS[name];
          expect(plain.values[name] ?? option.default).toBe(full.values[name]);
        }
      }),
      { numRuns: 600 },
    );
  });

  it('reads the usual ones itself', () => {
    const argv = ['-P', '8887', '--accept-new', '-l', '1G', '--policy', 'high', 'f', 'h:/f'];
    expect(parsePlainly(argv)).toEqual({
      values: { P: '8887', 'accept-new': true, 'max-rate': '1G', policy: 'high' },
      operands: ['f', 'h:/f'],
    });
  });
});
