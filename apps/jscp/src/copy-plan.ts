import { posix, resolve } from 'node:path';
import type { FileMapping } from '@jetstream/core';
import { JetStreamError } from '@jetstream/protocol';
import { type LocalOperand, type Operand, parseOperand, type RemoteOperand } from './operands.ts';
import type { SharedLink } from './shared-link.ts';

/** What one call of `jscp` copies, and where to. */
export interface CopyPlan {
  direction: 'upload' | 'download';
  host: string;
  user: string | undefined;
  /** Of a shared link, which also says where and who. */
  link: SharedLink | undefined;
  mappings: FileMapping[];
  /** Upload: prefix that the server puts before each target. A download's is already part of its targets. */
  destinationPath: string | undefined;
}

/**
 * Turns operands into mappings. The target names the thing itself; only when it ends in `/` (or is `.`, `..` or
 * empty, or when there are several sources) does it name the directory to copy into.
 * @throws JetStreamError `invalid-argument`
 */
export function planCopy(operands: readonly string[], destinationPath: string | undefined): CopyPlan {
  if (operands.length < 2) {
    throw usage(
      operands.length === 0
        ? 'nothing to copy: give a source and a target, such as: jscp FILE host:/path/FILE'
        : `"${operands[0]}" needs a target: jscp SRC… DEST`,
    );
  }
  const sources = operands.slice(0, -1).map(parseOperand);
  const target = parseOperand(operands.at(-1)!);
  if (target.kind === 'link') throw usage('a link is a source: jscp LINK DEST');
  return target.kind === 'remote'
    ? planUpload(sources, target, destinationPath)
    : planDownload(sources, target, destinationPath);
}

function planUpload(
  sources: Operand[],
  target: RemoteOperand,
  destinationPath: string | undefined,
): CopyPlan {
  const paths = sources.map((source) => {
    if (source.kind !== 'local') {
      throw usage('both sides are remote: copy to this machine first, or run jscp on one of the two hosts');
    }
    return source.path;
  });
  const into = paths.length > 1 || namesDirectory(target.path);
  const mappings = paths.map((source) => ({
    source,
    target: into ? beneath(target.path, nameOfLocal(source)) : target.path,
  }));
  refuseCollisions(mappings);
  const { host, user } = target;
  return { direction: 'upload', host, user, link: undefined, mappings, destinationPath };
}

function planDownload(
  sources: Operand[],
  target: LocalOperand,
  destinationPath: string | undefined,
): CopyPlan {
  const [only] = sources;
  if (only?.kind === 'link' && sources.length === 1) return planLink(only.link, target, destinationPath);
  const remotes = sources.map((source) => {
    if (source.kind === 'link') throw usage('a link is copied by itself: jscp LINK DEST');
    if (source.kind === 'local') {
      throw usage(
        `"${source.path}" and the target are both local: one side is [user@]host:path (use cp for local copies)`,
      );
    }
    return source;
  });
  const first = remotes[0]!;
  for (const { host, user } of remotes) {
    if (host !== first.host || user !== first.user) {
      throw usage('all sources of one copy come from one host and user: run jscp once for each');
    }
  }
  const into = remotes.length > 1 || namesDirectory(target.path);
  const base = destinationPath === undefined ? target.path : posix.join(destinationPath, target.path);
  const mappings = remotes.map(({ path }) => ({
    source: path || '/',
    target: into ? resolve(base, nameOfRemote(path)) : resolve(base),
  }));
  refuseCollisions(mappings);
  const { host, user } = first;
  return { direction: 'download', host, user, link: undefined, mappings, destinationPath: undefined };
}

/** All that a link has comes to stand beneath the target. */
function planLink(link: SharedLink, target: LocalOperand, destinationPath: string | undefined): CopyPlan {
  const base = destinationPath === undefined ? target.path : posix.join(destinationPath, target.path);
  return {
    direction: 'download',
    host: link.host,
    user: undefined,
    link,
    mappings: [{ source: '/', target: resolve(base) }],
    destinationPath: undefined,
  };
}

function namesDirectory(path: string): boolean {
  return path === '' || /(^|\/)(\.{0,2})$/.test(path);
}

/** Joined as text: the server judges `..` in what the user wrote, so nothing is normalised away here. */
function beneath(directory: string, name: string): string {
  return directory === '' || directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}

/** Last name of a local source: that of `.` is the working directory's, that of `/` is empty. */
function nameOfLocal(path: string): string {
  return posix.basename(resolve(path));
}

/** Last name of a remote source. It becomes part of a local path, so `..` is never taken. */
function nameOfRemote(path: string): string {
  const name = posix.basename(posix.normalize(path || '/'));
  if (name === '..') {
    throw usage(`"${path}" has no name of its own to copy under: name the directory in full`);
  }
  return name === '.' ? '' : name;
}

/** Two sources under one name would overwrite each other. */
function refuseCollisions(mappings: readonly FileMapping[]): void {
  const sourceOf = new Map<string, string>();
  for (const { source, target } of mappings) {
    const other = sourceOf.get(target);
    if (other !== undefined) throw usage(`"${other}" and "${source}" would both become "${target}"`);
    sourceOf.set(target, source);
  }
}

function usage(message: string): JetStreamError {
  return new JetStreamError('invalid-argument', message);
}
