import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseOperand } from './operands.ts';

const remote = (host: string, path: string, user?: string) => ({ kind: 'remote', user, host, path });
const local = (path: string) => ({ kind: 'local', path });

describe('parseOperand', () => {
  it.each([
    ['/source/my_file', local('/source/my_file')],
    ['file', local('file')],
    ['.', local('.')],
    ['./a:b', local('./a:b')],
    ['/a:b', local('/a:b')],
    ['dir/a:b', local('dir/a:b')],
    ['a@b', local('a@b')],
    ['jetstream02.lan:/target/my_file', remote('jetstream02.lan', '/target/my_file')],
    ['host:rel/path', remote('host', 'rel/path')],
    ['host:', remote('host', '')],
    ['host:a:b', remote('host', 'a:b')],
    ['host:a@b', remote('host', 'a@b')],
    ['host:line\nbreak', remote('host', 'line\nbreak')],
    ['bob@host:/x', remote('host', '/x', 'bob')],
    ['bob@corp.example@host:/x', remote('host', '/x', 'bob@corp.example')],
    ['CORP\\bob@host:/x', remote('host', '/x', 'CORP\\bob')],
    ['[::1]:/x', remote('::1', '/x')],
    ['bob@[fe80::1%eth0]:x', remote('fe80::1%eth0', 'x', 'bob')],
    ['[::ffff:10.0.0.1]:x', remote('::ffff:10.0.0.1', 'x')],
    ['10.0.0.1:x', remote('10.0.0.1', 'x')],
  ])('reads %j', (text, expected) => {
    expect(parseOperand(text)).toEqual(expected);
  });

  it.each(['', ':path', '@host:x', 'user@:x', '::1:x', '[]:x', '[::1]x:y', '[host]:x', 'a\0b', 'x[1]:y'])(
    'refuses %j and says what to write',
    (text) => {
      expect(() => parseOperand(text)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    },
  );

  it('never mistakes a path that begins with ./ or / for a remote one', () => {
    fc.assert(
      fc.property(fc.constantFrom('./', '/', '../'), fc.string(), (start, rest) => {
        fc.pre(!rest.includes('\0'));
        expect(parseOperand(start + rest)).toEqual(local(start + rest));
      }),
    );
  });

  it('either parses or says invalid-argument, whatever is typed', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseOperand(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid-argument' });
        }
      }),
    );
  });
});
