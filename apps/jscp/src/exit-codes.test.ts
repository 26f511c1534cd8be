import { ERROR_CODES, type ErrorCode } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { EXIT_CODES, exitStatusOf, exitStatusOfFailures } from './exit-codes.ts';

describe('exit codes', () => {
  it('are distinct', () => {
    const statuses = Object.values(EXIT_CODES).map(({ status }) => status);
    expect(new Set(statuses).size).toBe(statuses.length);
  });

  it('never report an error as success', () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) expect(exitStatusOf(code), code).not.toBe(0);
  });

  it('name the cause when all files failed for the same one', () => {
    expect(exitStatusOfFailures(['disk-full', 'disk-full', 'quota-exceeded'])).toBe(13);
    expect(exitStatusOfFailures(['permission-denied'])).toBe(11);
  });

  it('say "some files were not copied" for a mixture, and when no cause is told', () => {
    expect(exitStatusOfFailures(['disk-full', 'permission-denied'])).toBe(7);
    expect(exitStatusOfFailures([])).toBe(7);
  });
});
