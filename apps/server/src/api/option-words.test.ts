import type { OptionKind } from '@jetstream/core/api-client';
import { describe, expect, it } from 'vitest';
import { takeOptions } from './option-words.ts';

const KINDS = new Map<string, OptionKind>([
  ['name', 'text'],
  ['size', 'number'],
  ['all', 'boolean'],
  ['item', 'list'],
]);

function take(line: string) {
  const { options, rest } = takeOptions(line.split(' '), (name) => KINDS.get(name));
  return { options: Object.fromEntries(options), rest };
}

describe('the options of a command line', () => {
  it('have their values behind them or behind =', () => {
    expect(take('--name a --size=5')).toEqual({
      options: { name: ['a'], size: ['5'] },
      rest: [],
    });
    expect(take('--name=--x').options).toEqual({ name: ['--x'] });
    expect(take('--name=a=b').options).toEqual({ name: ['a=b'] });
    expect(take('--name -').options).toEqual({ name: ['-'] });
    expect(take('--name=').options).toEqual({ name: [''] });
  });

  it('end at the first word that belongs to none', () => {
    expect(take('--name a command --name b')).toEqual({
      options: { name: ['a'] },
      rest: ['command', '--name', 'b'],
    });
  });

  it('may be booleans with a value or without', () => {
    expect(take('--all --name a').options).toEqual({ all: ['true'], name: ['a'] });
    expect(take('--all false').options).toEqual({ all: ['false'] });
    expect(take('--all command')).toEqual({ options: { all: ['true'] }, rest: ['command'] });
  });

  it('may be lists, of all words up to the next option and given again', () => {
    expect(take('--item a b --all --item=c d').options).toEqual({
      item: ['a', 'b', 'c', 'd'],
      all: ['true'],
    });
  });

  it.each(['--nothing', '--name', '--name --all', '--name a --name b', '--__proto__ x', '--'])(
    'refuse %s',
    (line) => {
      expect(() => take(line)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    },
  );
});
