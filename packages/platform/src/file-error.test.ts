import { readFileSync } from 'node:fs';
import { JetStreamError } from '@jetstream/protocol';
import { expect, it } from 'vitest';
import { systemError } from './ffi.ts';
import { fileError } from './file-error.ts';

it('names the file, not the path that the system was given', () => {
  let caught: unknown;
  try {
    readFileSync('/proc/self/fd/none/such');
  } catch (error) {
    caught = error;
  }
  const error = fileError(caught, 'reports/may.pdf');
  expect(error).toMatchObject({ code: 'not-found', subject: 'reports/may.pdf' });
  expect(error.message).toBe('reports/may.pdf: no such file or directory');
});

it.each([
  [28, 'disk-full'],
  [122, 'quota-exceeded'],
  [30, 'read-only'],
  [24, 'too-many-open-files'],
  [13, 'permission-denied'],
  [40, 'path-refused'],
  [5, 'io-error'],
  [9, 'io-error'],
])('gives errno %i of Linux the code %s', (errno, code) => {
  expect(fileError(systemError(errno, 'write', '/x'), 'f')).toMatchObject({ code, subject: 'f' });
});

it('knows the quota error, which Node gives a number for a name', () => {
  const asNodeThrowsIt = Object.assign(
    new Error('Unknown system error -122: Unknown system error -122, write'),
    {
      errno: -122,
      code: 'Unknown system error -122',
      syscall: 'write',
    },
  );
  expect(fileError(asNodeThrowsIt, 'f')).toMatchObject({
    code: 'quota-exceeded',
    message: 'f: disk quota exceeded',
  });
  const unknown = Object.assign(new Error('Unknown system error -133, write'), { errno: -133 });
  expect(fileError(unknown, 'f')).toMatchObject({ code: 'io-error', message: 'f: errno 133' });
});

it('passes a JetStreamError on, and calls a fault a fault', () => {
  const known = new JetStreamError('special-file', 'known');
  expect(fileError(known, 'f')).toBe(known);
  expect(fileError(new TypeError('oops'), 'f').code).toBe('internal');
  expect(fileError(undefined, 'f').code).toBe('internal');
});
