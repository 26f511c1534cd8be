import { isPartialName } from '@jetstream/manifest';
import { asFileFailure } from './errno.ts';
import type { FileSystem } from './file-system.ts';
import type { HandleCache } from './handle-cache.ts';
import type { PathOf } from './record-path.ts';
import type { DeadPartial } from './resume-record.ts';
import { componentsOf, type TargetTree } from './target-tree.ts';

/** Of the database (8 digits), then of the process that has it open (8), then of the transfer: whoever has the database is alone with it. */
const TRANSFER_ID = /^([0-9a-f]{8})([0-9a-f]{8})[0-9a-f]{8}$/;
const PARTIAL_ID = /\.jspart-([0-9a-f]{8})([0-9a-f]{8})[0-9a-f]{8}-[0-9a-z]+$/;

/** The first letter of each partial file's name. */
const DOT = 0x2e;

/** Tells by a name whether it is the partial file of a process that has ended. */
function isOfDeadProcess(name: string, transferId: string): boolean {
  const [, owner, epoch] = TRANSFER_ID.exec(transferId) ?? [];
  const [, itsOwner, itsEpoch] = PARTIAL_ID.exec(name) ?? [];
  return isPartialName(name) && owner !== undefined && itsOwner === owner && itsEpoch !== epoch;
}

/**
 * Partial files that processes left when they died, in the directories that a transfer found and wrote into. Some of them may have a record:
 * these are to be kept.
 */
export function findDeadPartials(
  tree: TargetTree,
  handles: HandleCache,
  transferId: string,
  pathOf: PathOf,
): DeadPartial[] {
  if (!TRANSFER_ID.test(transferId)) return [];
  const found: DeadPartial[] = [];
  for (const directory of tree.foundDirectories()) {
    const components = componentsOf(directory);
    try {
      const names = handles.attempt(() => deadNames(tree.open(directory).names(), transferId));
      for (const name of names) found.push({ path: pathOf([...components, name]), components, name });
    } catch (error) {
      asFileFailure(error);
    }
  }
  return found;
}

/** Keeps these alone: a directory may have millions of names. */
function deadNames(names: Iterator<Uint8Array>, transferId: string): string[] {
  const dead: string[] = [];
  for (let next = names.next(); !next.done; next = names.next()) {
    if (next.value[0] !== DOT) continue;
    const name = Buffer.from(next.value).toString();
    if (isOfDeadProcess(name, transferId)) dead.push(name);
  }
  return dead;
}

/** As far as the system lets us. */
export function removeDeadPartials(
  fileSystem: FileSystem,
  transferId: string,
  partials: readonly DeadPartial[],
): void {
  for (const { components, name } of partials) {
    if (!isOfDeadProcess(name, transferId)) continue;
    try {
      const directory = fileSystem.openDirectory(components);
      try {
        if (directory.status(name)?.kind === 'file') directory.remove(name);
      } finally {
        directory.close();
      }
    } catch (error) {
      asFileFailure(error);
    }
  }
}
