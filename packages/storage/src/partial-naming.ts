import { displayPath, partialName } from '@jetstream/manifest';
import { backUp } from './backup.ts';
import { asFileFailure } from './errno.ts';
import { type PartialFilesOptions, partialId } from './partial-opening.ts';
import type { TargetFile } from './target-file.ts';
import { targetRefused } from './target-look.ts';
import { componentsOf, type TargetTree } from './target-tree.ts';

/**
 * Gives a durable file its final name, and what stands there another, or no, one.
 * @param partial its name until now
 * @throws JetStreamError `already-exists`, where nothing may be replaced; the durable file is left then, and named
 */
export function namePartial(
  file: TargetFile,
  partial: string,
  tree: TargetTree,
  { overwrite, transferId }: PartialFilesOptions,
): void {
  const id = partialId(transferId, file);
  if (overwrite === 'partfile-backup') backUp(file, tree, id);
  if (overwrite === 'partfile-never') renameNoReplace(file, partial, tree, id);
  else tree.rename(file.directory, partial, file.name);
}

function renameNoReplace(file: TargetFile, partial: string, tree: TargetTree, id: string): void {
  const { directory, name } = file;
  try {
    tree.renameNoReplace(directory, partial, name);
  } catch (error) {
    if (asFileFailure(error).code !== 'already-exists') throw error;
    // By this name it is nobody's to be cleaned away.
    const kept = partialName(name, `kept-${id}`);
    tree.rename(directory, partial, kept);
    file.partial = undefined;
    const shown = displayPath(componentsOf(directory, kept));
    throw targetRefused(file, 'already-exists', `it has come to exist meanwhile; the copy is ${shown}`);
  }
}
