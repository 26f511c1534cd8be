import { basename } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planCopy } from './copy-plan.ts';

const targets = (operands: string[], destinationPath?: string) =>
  planCopy(operands, destinationPath).mappings.map(({ target }) => target);
const refusal = (...operands: string[]) => {
  try {
    planCopy(operands, undefined);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`${operands.join(' ')} was accepted`);
};

describe("the primer's examples", () => {
  it('jscp /source/my_file jetstream02.lan:/target/my_file writes /target/my_file (beneath the sandbox, if any)', () => {
    expect(planCopy(['/source/my_file', 'jetstream02.lan:/target/my_file'], undefined)).toEqual({
      direction: 'upload',
      host: 'jetstream02.lan',
      user: undefined,
      mappings: [{ source: '/source/my_file', target: '/target/my_file' }],
      destinationPath: undefined,
    });
  });

  it('jscp -d /project keeps the target and leaves the prefix to the receiver', () => {
    expect(planCopy(['/source/my_file', 'jetstream02.lan:/target/my_file'], '/project')).toEqual({
      direction: 'upload',
      host: 'jetstream02.lan',
      user: undefined,
      mappings: [{ source: '/source/my_file', target: '/target/my_file' }],
      destinationPath: '/project',
    });
  });
});

describe('an upload', () => {
  it('names the thing itself by its target', () => {
    expect(targets(['dir', 'host:/backup/today'])).toEqual(['/backup/today']);
    expect(targets(['dir/', 'host:rel'])).toEqual(['rel']);
  });

  it('goes into a target that ends in a slash', () => {
    expect(targets(['a/file', 'host:/in/'])).toEqual(['/in/file']);
    expect(targets(['a/dir/', 'host:/in/'])).toEqual(['/in/dir']);
  });

  it.each(['host:', 'host:/', 'host:.', 'host:x/..', 'host:x/.'])('goes into %s', (target) => {
    expect(basename(targets(['a/file', target])[0]!)).toBe('file');
  });

  it('goes into the target when there are several sources', () => {
    expect(targets(['a', 'b/c', 'host:/in'])).toEqual(['/in/a', '/in/c']);
  });

  it('hands `..` to the server as it was written', () => {
    expect(targets(['f', 'host:/../etc/'])).toEqual(['/../etc/f']);
    expect(targets(['f', 'host:a/../../etc/f'])).toEqual(['a/../../etc/f']);
  });

  it('takes the name of the working directory for "."', () => {
    expect(targets(['.', 'host:/in/'])).toEqual([`/in/${basename(process.cwd())}`]);
  });

  it('refuses two sources that would land on one target', () => {
    expect(refusal('a/x', 'b/x', 'host:/in')).toContain('"a/x" and "b/x" would both become "/in/x"');
  });
});

describe('a download', () => {
  it('names the thing itself, from the working directory', () => {
    expect(targets(['host:/data/x', 'y'])).toEqual([`${process.cwd()}/y`]);
    expect(targets(['host:/data/x', '/tmp/y'])).toEqual(['/tmp/y']);
  });

  it('goes into a target that ends in a slash, or is "."', () => {
    expect(targets(['host:/data/x', '/tmp/'])).toEqual(['/tmp/x']);
    expect(targets(['host:/data/x', '.'])).toEqual([`${process.cwd()}/x`]);
  });

  it('goes into the target when there are several sources', () => {
    expect(targets(['host:/a', 'host:b/c/', '/tmp'])).toEqual(['/tmp/a', '/tmp/c']);
  });

  it('puts -d before the target', () => {
    expect(targets(['host:/a', '/target/a'], '/project')).toEqual(['/project/target/a']);
  });

  it('copies the whole root when no path is given', () => {
    expect(planCopy(['host:', '/tmp/all'], undefined).mappings).toEqual([
      { source: '/', target: '/tmp/all' },
    ]);
    expect(targets(['host:', '/tmp/all/'])).toEqual(['/tmp/all']);
  });

  it('never writes above its target, whatever the name of the source', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('..', '.', '', 'a', '...')), (parts) => {
        let target: string;
        try {
          target = targets([`host:${parts.join('/')}`, '/tmp/in/'])[0]!;
        } catch {
          return true;
        }
        return target === '/tmp/in' || target.startsWith('/tmp/in/');
      }),
    );
  });

  it('comes from one host', () => {
    expect(refusal('h1:a', 'h2:b', '/tmp/')).toContain('one host');
    expect(refusal('u@h:a', 'v@h:b', '/tmp/')).toContain('one host');
  });
});

describe('operands that make no copy', () => {
  it('say what is missing', () => {
    expect(refusal()).toContain('nothing to copy');
    expect(refusal('a')).toContain('needs a target');
    expect(refusal('a', 'b')).toContain('both local');
    expect(refusal('h:a', 'h:b')).toContain('both sides are remote');
    expect(refusal('h:a', 'b', 'c')).toContain('both local');
  });
});
