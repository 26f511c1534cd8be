import { posix } from 'node:path';
import { JetStreamError } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTargetResolver, type PathRuleOptions, resolveTarget } from './path-rule.ts';
import { expandSandboxMapping, type SandboxRule } from './sandbox-rule.ts';

const user = { name: 'alice', domain: 'example', fullName: 'example\\alice' };

function sandboxOf(directory: string | undefined): SandboxRule | undefined {
  return directory === undefined ? undefined : expandSandboxMapping({ '': directory }, user);
}

function fullPath(
  sandboxDirectory: string | undefined,
  destinationPath: string | undefined,
  targetPath: string,
): string {
  const sandbox = sandboxOf(sandboxDirectory);
  const { mount, beneath } = resolveTarget({ sandbox, destinationPath, targetPath });
  return posix.join(mount.root ?? '/', ...beneath);
}

function refusal(targetPath: string, options: Partial<PathRuleOptions> = {}): JetStreamError {
  try {
    resolveTarget({ sandbox: sandboxOf('/storage'), ...options, targetPath });
  } catch (error) {
    if (error instanceof JetStreamError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(targetPath)} was not refused`);
}

describe('[TR-1] the path rule: sandbox / destination path / target path', () => {
  it.each([
    [undefined, undefined, '/mnt/data/file.txt', '/mnt/data/file.txt'],
    [undefined, undefined, 'file.txt', '/file.txt'],
    ['/storage', undefined, '/mnt/data/file.txt', '/storage/mnt/data/file.txt'],
    ['/storage', '/repository1', '/mnt/data/file.txt', '/storage/repository1/mnt/data/file.txt'],
    ['/storage/%u', undefined, '/mnt/data/file.txt', '/storage/alice/mnt/data/file.txt'],
    ['/storage/%u', '/repository1', '/mnt/data/file.txt', '/storage/alice/repository1/mnt/data/file.txt'],
  ])('sandbox %s, destination %s, target %s gives %s', (sandbox, destination, target, full) => {
    expect(fullPath(sandbox, destination, target)).toBe(full);
  });

  it('keeps the root apart from what lies beneath it', () => {
    expect(
      resolveTarget({
        sandbox: sandboxOf('//storage/./%u/'),
        destinationPath: 'a//b/',
        targetPath: './c',
      }),
    ).toMatchObject({ mount: { root: '/storage/alice' }, components: ['a', 'b', 'c'] });
    expect(resolveTarget({ targetPath: '/a' })).toMatchObject({
      mount: { root: undefined },
      components: ['a'],
    });
  });

  it('takes a backslash, a drive letter, a leading dash and a newline as ordinary characters', () => {
    expect(resolveTarget({ targetPath: 'C:\\x/\\\\host\\share/-rf/a\nb' }).components).toEqual([
      'C:\\x',
      '\\\\host\\share',
      '-rf',
      'a\nb',
    ]);
  });

  it.each(['..', '../x', 'a/..', 'a/../b', '/a/b/../../c', 'a/./..//b'])(
    'refuses ".." in %s, inside or not',
    (path) => {
      expect(refusal(path).code).toBe('path-refused');
      expect(refusal('x', { destinationPath: path }).code).toBe('path-refused');
    },
  );

  it.each(['', '/', '.', './/.'])('refuses %j, which names no file', (path) => {
    expect(refusal(path).code).toBe('path-refused');
  });

  it.each([
    ['NUL', 'a\0b'],
    ['a lone surrogate', 'a\ud800'],
    ['a component of 256 bytes', 'x'.repeat(256)],
    ['a component of 256 bytes in 128 characters', 'é'.repeat(128)],
    ['a path over 4,096 bytes', 'x/'.repeat(2049)],
    ['a depth of 5,000', 'a/'.repeat(5000)],
  ])('refuses %s as a name that cannot be stored', (_, path) => {
    expect(refusal(path).code).toBe('name-invalid');
    expect(refusal('x', { destinationPath: path }).code).toBe('name-invalid');
  });

  it('counts root and destination path into the length of a path', () => {
    const target = 'x/'.repeat(2040);
    expect(resolveTarget({ targetPath: target }).components).toHaveLength(2040);
    expect(refusal(target, { destinationPath: 'deep/in/here' }).code).toBe('name-invalid');
  });

  it('does not tell which directory of the server is counted into it', () => {
    const { code, message, subject } = refusal('x/'.repeat(2040), { sandbox: sandboxOf('/storage/of/%u') });
    expect(code).toBe('name-invalid');
    expect(message).toMatch(/^\/x\/x.*longer than 4096 bytes with the server's own directory/);
    expect(`${message} ${subject}`).not.toContain('storage');
  });

  it('takes a component of 255 bytes', () => {
    expect(resolveTarget({ targetPath: 'x'.repeat(255) }).components).toEqual(['x'.repeat(255)]);
  });

  it('refuses the names of our partial files, also as directories', () => {
    expect(refusal('a/.b.jspart-17').code).toBe('path-refused');
    expect(refusal('.b.jspart-17/c').code).toBe('path-refused');
    expect(refusal('c', { destinationPath: '.b.jspart-17' }).code).toBe('path-refused');
    expect(resolveTarget({ targetPath: 'b.jspart-17' }).components).toEqual(['b.jspart-17']);
  });

  it('names the path, escaped, in its refusal', () => {
    expect(refusal('../\x1b]0;owned\x07').message).toContain('../\\x1b]0;owned\\x07');
    expect(refusal('../x').subject).toBe('../x');
  });

  it('never leaves the root, whatever it is given', () => {
    const piece = fc.oneof(
      fc.constantFrom('..', '.', '', '/', '\\', '\0', '%u', '...', '.. ', '..\\', '~', '\ud800', 'a'),
      fc.string({ maxLength: 8 }),
      fc.string({ unit: 'binary', maxLength: 8 }),
    );
    const path = fc.oneof(
      fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('/')),
      fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(path, path, fc.option(piece), piece, (destinationPath, targetPath, domain, name) => {
        let resolved: ReturnType<typeof resolveTarget>;
        try {
          resolved = resolveTarget({
            sandbox: expandSandboxMapping(
              { '': '/storage/%u' },
              { name, domain: domain ?? undefined, fullName: name },
            ),
            destinationPath,
            targetPath,
          });
        } catch (error) {
          expect(error).toBeInstanceOf(JetStreamError);
          expect((error as JetStreamError).code).toMatch(/^(path-refused|name-invalid)$/);
          return;
        }
        const { components, beneath } = resolved;
        const root = resolved.mount.root!;
        expect(beneath).toEqual(components);
        expect(root).toBe(posix.resolve('/storage', name));
        expect(root).toMatch(/^\/storage\/[^/]/);
        expect(components.length).toBeGreaterThan(0);
        expect(posix.resolve(root, ...components)).toBe(`${root}/${components.join('/')}`);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('createTargetResolver', () => {
  it('refuses a bad destination path before any target comes', () => {
    expect(() => createTargetResolver({ destinationPath: '../x' })).toThrow(JetStreamError);
  });

  it('[TR-1] gives each target the place, or the refusal, that it has by itself, whatever came before it', () => {
    const name = fc.constantFrom(
      ...['a', 'b', 'ä'.repeat(42), 'ä'.repeat(43), 'n'.repeat(255), 'n'.repeat(256), '', '.', '..', '...'],
      ...['.x', '.x.jspart-1', '\0', '\ud800', '\ud83d\ude00', 'data'],
    );
    const directory = fc.constantFrom(
      '',
      'a/',
      'a',
      'data/',
      '/a//b/',
      'a/./b/',
      'a/../',
      'd/'.repeat(1_920),
      'ä'.repeat(1_200),
    );
    const target = fc.tuple(directory, name).map(([before, last]) => before + last);
    const root = `/${'r'.repeat(200)}`;
    const mappings = [{ '': '/storage' }, { '': root, data: '/data' }, { data: root }];
    const outcome = (resolve: () => string[]) => {
      try {
        return resolve();
      } catch (error) {
        const { code, message } = error as JetStreamError;
        return { code, message };
      }
    };
    fc.assert(
      fc.property(
        fc.constantFrom(...mappings),
        fc.constantFrom('', 'data/in'),
        fc.array(target),
        (mapping, destinationPath, targets) => {
          const options = { sandbox: expandSandboxMapping(mapping, user), destinationPath };
          const resolver = createTargetResolver(options);
          for (const path of targets) {
            expect(outcome(() => resolver.resolve(path))).toEqual(
              outcome(() => createTargetResolver(options).resolve(path)),
            );
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
