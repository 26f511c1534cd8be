import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitPath } from './path-components.ts';
import { resolveTarget } from './path-rule.ts';
import {
  checkSandboxMapping,
  expandSandboxMapping,
  narrowSandbox,
  pathInSandbox,
  placeInSandbox,
  SYSTEM_ROOT,
} from './sandbox-rule.ts';
import { codeOf } from './testing/code-of.ts';

const user = { name: 'alice', fullName: 'alice' };
const folders = expandSandboxMapping({ projects: '/srv/projects', own: '/home/%u/data' }, user);
const both = expandSandboxMapping({ '': '/data', projects: '/srv/projects' }, user);

describe('checkSandboxMapping', () => {
  it.each([{ '': '/data' }, { a: '/x', 'b c': '/y/%u' }, { '': '/', '..a': '/b' }])(
    'takes %j',
    (mapping: Record<string, string>) => expect(() => checkSandboxMapping(mapping)).not.toThrow(),
  );

  it.each([
    {},
    { a: 'relative' },
    { '/a': '/x' },
    { 'a/b': '/x' },
    { '..': '/x' },
    { '.': '/x' },
    { 'a\0': '/x' },
    { '.a.jspart-1': '/x' },
    { a: '/%x' },
  ])('refuses %j', (mapping: Record<string, string>) => {
    expect(codeOf(() => checkSandboxMapping(mapping))).toBe('invalid-argument');
  });
});

describe('a sandbox of several folders', () => {
  it('leads each first name to its directory, and the others to that of all', () => {
    expect(pathInSandbox(folders, ['own', 'a'])).toBe('/home/alice/data/a');
    expect(pathInSandbox(both, ['projects', 'a'])).toBe('/srv/projects/a');
    expect(pathInSandbox(both, ['other', 'a'])).toBe('/data/other/a');
    expect(pathInSandbox(SYSTEM_ROOT, ['a'])).toBe('/a');
    expect(placeInSandbox(folders, [])).toBeUndefined();
  });

  it('takes the folder from the destination path, or from the target path', () => {
    const inProjects = { sandbox: folders, destinationPath: '/projects', targetPath: 'x/y' };
    expect(resolveTarget(inProjects)).toMatchObject({ mount: { name: 'projects' }, beneath: ['x', 'y'] });
    expect(resolveTarget({ sandbox: folders, targetPath: '/own/x' })).toMatchObject({
      mount: { name: 'own' },
      beneath: ['x'],
    });
  });

  it('names the folders to whoever chooses none of them', () => {
    const run = () => resolveTarget({ sandbox: folders, targetPath: '/elsewhere/x' });
    expect(run).toThrow(/\/projects, \/own/);
    expect(codeOf(run)).toBe('path-refused');
  });
});

describe('narrowSandbox', () => {
  it('makes a part of what is open a root of its own, in which the user leads nowhere by symlinks', () => {
    expect(narrowSandbox(both, '/projects/x').mounts).toEqual([
      { name: '', root: '/srv/projects/x', fixedComponents: 2 },
    ]);
    expect(narrowSandbox(SYSTEM_ROOT, '/home/alice').mounts).toEqual([
      { name: '', root: '/home/alice', fixedComponents: 0 },
    ]);
    expect(narrowSandbox(folders, '/')).toBe(folders);
    expect(codeOf(() => narrowSandbox(folders, '/elsewhere'))).toBe('path-refused');
    expect(codeOf(() => narrowSandbox(both, '../x'))).toBe('path-refused');
  });

  it('never leads out of what was open, however often it is narrowed', () => {
    const name = fc.constantFrom('projects', 'own', 'a', '.', '', '..', 'b\0', '%u');
    const path = fc.array(name, { maxLength: 5 }).map((names) => names.join('/'));
    fc.assert(
      fc.property(fc.constantFrom(folders, both), path, path, path, (rule, first, second, target) => {
        let components: string[];
        let reached: string;
        try {
          const narrow = narrowSandbox(narrowSandbox(rule, first), second);
          components = splitPath(`${first}/${second}/${target}`);
          const { mount, beneath } = resolveTarget({ sandbox: narrow, targetPath: target });
          reached = `${mount.root}/${beneath.join('/')}`;
        } catch (error) {
          expect(
            codeOf(() => {
              throw error;
            }),
          ).toMatch(/^(path-refused|name-invalid)$/);
          return;
        }
        // As if nothing had been narrowed: the same place, and so beneath the same directories.
        const roots = rule.mounts.map(({ root }) => `${root}/`);
        expect(roots.some((root) => reached.startsWith(root))).toBe(true);
        if (splitPath(first).length > 0 || splitPath(second).length === 0) {
          expect(reached).toBe(pathInSandbox(rule, components));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
