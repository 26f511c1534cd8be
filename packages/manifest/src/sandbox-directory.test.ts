import { describe, expect, it } from 'vitest';
import { checkSandboxDirectory, expandSandboxDirectory } from './sandbox-directory.ts';
import { codeOf } from './testing/code-of.ts';

const user = { name: 'alice', domain: 'corp', fullName: 'alice@corp' };

describe('checkSandboxDirectory', () => {
  it.each(['/', '/storage', '/storage/%u', '/a/%d/%f', '/100%%', '/%%u'])('takes %s', (template) => {
    expect(() => checkSandboxDirectory(template)).not.toThrow();
  });

  it.each(['', 'storage', '%u', '/storage/%x', '/storage/%', '/%U', '/%%%', '/a/../b', '/a\0b'])(
    'refuses %j at the start of the server',
    (template) => {
      expect(codeOf(() => checkSandboxDirectory(template))).toBe('invalid-argument');
    },
  );
});

describe('expandSandboxDirectory', () => {
  it('puts in user, domain and full name, and %% for a percent sign', () => {
    expect(expandSandboxDirectory('/s/%u/%d-%f/100%%u', user)).toEqual([
      's',
      'alice',
      'corp-alice@corp',
      '100%u',
    ]);
  });

  it('does not expand what it put in', () => {
    expect(expandSandboxDirectory('/s/%u', { ...user, name: '%d' })).toEqual(['s', '%d']);
  });

  it.each(['', '.', '..', '../bob', 'a/b', '/etc', 'a\0b'])('refuses a user called %j', (name) => {
    expect(codeOf(() => expandSandboxDirectory('/s/%u', { ...user, name }))).toBe('path-refused');
  });

  it('refuses an account without a domain where %d is asked for', () => {
    expect(codeOf(() => expandSandboxDirectory('/s/%d', { name: 'a', fullName: 'a' }))).toBe('path-refused');
  });

  it('refuses dots that only together lead out', () => {
    expect(codeOf(() => expandSandboxDirectory('/s/.%u', { ...user, name: '.x' }))).toBe('none');
    expect(codeOf(() => expandSandboxDirectory('/s/.%u', { ...user, name: '.' }))).toBe('path-refused');
  });
});
