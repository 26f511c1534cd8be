import { JetStreamError } from '@jetstream/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { asJetStreamError, errorLine, failedFileLine, missingFileLine } from './error-line.ts';

afterEach(() => {
  delete process.env.JETSTREAM_DEBUG;
});

describe('an error', () => {
  it('is one line, whatever its message holds, and has a stack only when JETSTREAM_DEBUG is set', () => {
    const error = new JetStreamError('not-found', 'no file "a\nb\x1b[2J"');
    expect(errorLine(error)).toBe('jscp: no file "a\\nb\\u001b[2J"');
    process.env.JETSTREAM_DEBUG = '1';
    expect(errorLine(error)).toContain('error-line.test.ts');
  });

  it('that names nothing is told with its host', () => {
    const lost = (subject?: string) =>
      errorLine(
        new JetStreamError('connection-lost', 'nothing was heard', subject ? { subject } : {}),
        'server.lan',
      );
    expect(lost()).toBe('jscp: server.lan: nothing was heard');
    expect(lost('f')).toBe('jscp: nothing was heard');
  });

  it('of an unforeseen kind is internal', () => {
    expect(asJetStreamError(new TypeError('x is undefined'))).toMatchObject({ code: 'internal' });
    expect(errorLine(asJetStreamError('odd'))).toMatch(/^jscp: internal error: odd/);
  });
});

describe('a failed file', () => {
  it('is named once', () => {
    const outcome = { source: 'a/b', target: '/t', bytes: 0 };
    const line = (message: string) => failedFileLine({ ...outcome, error: { code: 'io-error', message } });
    expect(line('cannot read')).toBe('jscp: a/b: cannot read');
    expect(line('cannot read a/b')).toBe('jscp: cannot read a/b');
    expect(line('no space for /t')).toBe('jscp: no space for /t');
  });

  it('of a comparison is named by its target', () => {
    expect(missingFileLine({ source: 'a', target: '/t\n', bytes: 0 })).toBe('jscp: /t\\n is not there');
  });

  it('whose target is a directory says how to copy into it', () => {
    const error = { code: 'is-a-directory', message: '/t: a directory stands there' } as const;
    expect(failedFileLine({ source: 'a', target: '/t', bytes: 0, error })).toBe(
      'jscp: /t: a directory stands there; end the target with / to copy into it',
    );
  });
});
