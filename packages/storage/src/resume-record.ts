import type { EncodedSegment } from './chunk-digests.ts';

/** What is durable of an unfinished file. It belongs to the target, not to a transfer: whoever copies there next goes on from it. */
export interface ResumeRecord {
  /** Absolute path of the target. */
  key: string;
  /** In the target's directory. */
  partialName: string;
  partialInode: number;
  /** Of the source: another one begins anew. */
  size: number;
  mtimeSeconds: number;
  mtimeNanoseconds: number;
  sourceInode: number;
  /** Those that have durable chunks; of SEGMENT_CHUNKS chunks each. */
  segments: EncodedSegment[];
}

/** A record to be kept, or the change of one. */
export interface ResumeUpdate {
  key: string;
  header: Omit<ResumeRecord, 'key' | 'segments'>;
  /** Those that changed. */
  segments: EncodedSegment[];
}

/** The writer asks what is known of a target. */
export interface ResumeLookup {
  /** Of the entry. */
  index: number;
  key: string;
}

export interface ResumeAnswer {
  /** Of the entry. */
  index: number;
  /** Undefined: nothing is known. */
  record: ResumeRecord | undefined;
  /** False: nothing will be recorded of it, because another transfer does so. */
  recordable?: boolean;
}

/** A partial file that its name gives to a process that has ended. */
export interface DeadPartial {
  /** Absolute, as keys are. */
  path: string;
  /** Of its directory, beneath the root. */
  components: string[];
  name: string;
}
