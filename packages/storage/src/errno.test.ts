import { ERROR_CODES, type ErrorCode, JetStreamError } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { operationFailed } from './errno.ts';

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: what the system says, write`), { code });
}

describe('operationFailed', () => {
  it.each<[string, ErrorCode]>([
    ['ENOSPC', 'disk-full'],
    ['EDQUOT', 'quota-exceeded'],
    ['EROFS', 'read-only'],
    ['EMFILE', 'too-many-open-files'],
    ['ENFILE', 'too-many-open-files'],
    ['EACCES', 'permission-denied'],
    ['EPERM', 'permission-denied'],
    ['EIO', 'io-error'],
    ['EFBIG', 'io-error'],
    ['ENAMETOOLONG', 'name-invalid'],
    ['ELOOP', 'path-refused'],
    ['EXDEV', 'path-refused'],
    ['ENOENT', 'not-found'],
    ['EEXIST', 'already-exists'],
    ['ENOTDIR', 'not-a-directory'],
    ['EISDIR', 'is-a-directory'],
  ])('%s is %s', (errno, code) => {
    const error = operationFailed(systemError(errno), 'writing it', ['a', 'b']);
    expect(error).toMatchObject({ code, subject: '/a/b' });
    expect(error.message).toContain('/a/b: ');
    expect(error.message).toContain('while writing it');
    if (code !== 'io-error') expect(error.message).toContain(ERROR_CODES[code].meaning);
  });

  it('says what to do', () => {
    expect(operationFailed(systemError('ENOSPC'), 'writing it', ['a', '\x1b']).message).toBe(
      '/a/\\x1b: no space is left on the receiving disk, while writing it; free space at the receiver and run the copy again',
    );
  });

  it('tells a target that was taken away from a source that is missing', () => {
    const gone = operationFailed(systemError('ENOENT'), 'giving it its name', ['a']);
    expect(gone).toMatchObject({ code: 'not-found' });
    expect(gone.message).toMatch(/^\/a: somebody removed it or its directory, .*; run the copy again$/);
    expect(operationFailed(systemError('ENOENT'), 'opening it', ['a']).message).not.toMatch(/somebody/);
  });

  it('says what the system said where we have no word for it', () => {
    expect(operationFailed(systemError('EFBIG'), 'writing it', ['a']).message).toContain(
      'what the system says',
    );
  });

  it('gives a refusal its path and keeps one that has it', () => {
    const refused = operationFailed(new JetStreamError('path-refused', 'x', { subject: 'a' }), 'opening it', [
      'a',
    ]);
    expect(refused).toMatchObject({ code: 'path-refused', subject: '/a' });
    expect(operationFailed(refused, 'looking at it', ['a'])).toBe(refused);
  });

  it('leaves a fault of ours as it is', () => {
    const fault = new TypeError('a fault');
    expect(operationFailed(fault, 'writing it', ['a'])).toBe(fault);
  });
});
