import type { Permissions, Placed } from '@jetstream/manifest';
import type { JetStreamError } from '@jetstream/protocol';
import { ChunkDigests } from './chunk-digests.ts';
import type { OlderVersion } from './older-versions.ts';
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
  /** Only in a transfer that preserves them. */
  readonly permissions: Permissions | undefined;
  readonly sourceInode: number;
  /** Its content goes into the target itself, not into a file beside it. */
  inPlace: boolean;
  /** What stands at the target may have some of its chunks. */
  older: OlderVersion | undefined;
  /** It was found there, all of it. */
  isSame: boolean;
  /** It fails so, unless what stands there is its own unfinished file. */
  refusal: JetStreamError | undefined;
  /** Made with the first chunk. */
  digests: ChunkDigests | undefined;
  /** Made with the first chunk that agrees, or at once for an empty file. */
  partial: PartialFile | undefined;
  /** Undefined: what is done of it is lost when the transfer ends early. */
  record: RecordedState | undefined;
  /** Its result is out; whatever more comes of it is dropped. */
  settled: boolean;
}

/** How a file of several chunks stands in the records that a later transfer may go on from. */
export interface RecordedState {
  /** Absolute path of the target. */
  readonly key: string;
  /** There is a record, with some of its chunks. */
  isStored: boolean;
  /** Of its content, as a record told. */
  foundBytes: number;
  /** Of its content, by records: found, and made durable here. */
  durableBytes: number;
  /** Of its content, since the last checkpoint. */
  writtenBytes: number;
}

export function digestsOf(file: TargetFile): ChunkDigests {
  file.digests ??= new ChunkDigests(file.size);
  return file.digests;
}
