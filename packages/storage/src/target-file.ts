import type { Placed } from '@jetstream/manifest';
import { ChunkDigests } from './chunk-digests.ts';
import type { PartialFile } from './partial-file.ts';
import type { TargetDirectory } from './target-tree.ts';

/** A file on its way into its place. */
export interface TargetFile extends Placed {
  readonly index: number;
  /** The root and no name, when its target was refused. */
  directory: TargetDirectory;
  name: string;
  readonly mtimeSeconds: number;
  readonly mtimeNanoseconds: number;
  readonly executable: boolean;
  /** Made with the first chunk. */
  digests: ChunkDigests | undefined;
  /** Made with the first chunk that agrees, or at once for an empty file. */
  partial: PartialFile | undefined;
  /** Its result is out; whatever more comes of it is dropped. */
  settled: boolean;
}

export function digestsOf(file: TargetFile): ChunkDigests {
  file.digests ??= new ChunkDigests(file.size);
  return file.digests;
}
