import type { Place, Running } from '../processes/running.ts';

/** The scene of one copy: two ends that are joined, and a directory for the contender's own files. */
export interface Scene {
  readonly sender: Place;
  readonly receiver: Place;
  /** Empty at first; kept from copy to copy of the same contender and case. */
  readonly directory: string;
  /** File or directory to be copied. */
  readonly source: string;
  readonly sourceBytes: number;
  /** Where the copy has to be: named as the source, in a directory that holds nothing else. */
  readonly target: string;
  /** For the receiver to listen at. */
  readonly port: number;
}

/** A copy that was made. */
export interface Copied {
  readonly bytes: number;
  readonly seconds: number;
  readonly sender: EndOutput;
  readonly receiver: EndOutput;
}

interface EndOutput {
  /** What it printed. */
  readonly output: string;
  /** When the copy began, since this process did. */
  readonly copyFromMs: number;
}

/** A way to copy a file from one end to the other. All between `prepare` and `stop` belongs to one copy. */
export interface Contender {
  readonly name: string;
  /** For the list of peers: what it is and how it is set. */
  readonly about: string;
  /** A copy that fails, or does not end, is a fault of ours. */
  readonly ours?: true;
  /** It remembers: an unmeasured copy comes first. */
  readonly primed?: true;
  /** The receiving process ends with the copy, which is complete only then. */
  readonly receiverEnds?: true;
  /** There is nothing to compare: it measures the line, or the disk. */
  readonly copiesNothing?: true;
  /** Of a full packet: IP and all above it that is not content. Without it, nothing is said about redundant bytes. */
  headerBytesPerPacket?(contentBytes: number): number;
  /** @returns what this machine lacks, in a few words */
  findLack?(): string | undefined;
  /** What needs to be there before: keys, configuration, settings of the ends. */
  prepare?(scene: Scene): Promise<void>;
  /** Starts the receiving end. Resolves when it is ready. */
  serve?(scene: Scene): Promise<Running>;
  /** Starts the sending end, from where on time counts. */
  copy(scene: Scene): Running;
  /** Bytes that arrived, of a contender that copies nothing. */
  receivedBytes?(sender: string): number;
  /** How far it is, for those that can run beside others: from lines that one end prints. */
  readonly progress?: {
    readonly from: 'sender' | 'receiver';
    /** @returns bytes that have arrived; undefined when the line says nothing about it */
    bytes(line: string, before: number): number | undefined;
  };
  /** What it says about itself. */
  figures?(copied: Copied): Record<string, number>;
  /** Undoes what `prepare` did outside of the scene. The processes have ended. */
  stop?(scene: Scene): Promise<void>;
}
