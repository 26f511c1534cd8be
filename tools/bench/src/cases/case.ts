import type { Direction, DirectionChanges } from '@jetstream/wan';
import type { WanPath } from '../figures/wan-path.ts';
import type { Running } from '../processes/running.ts';
import type { CopyResult } from '../runs/copy-once.ts';
import type { FlowsResult } from '../runs/flows-once.ts';
import type { ResumeResult } from '../runs/resume-once.ts';
import type { RoughResult } from '../runs/rough-once.ts';
import type { Source } from '../runs/source.ts';
import type { WorkDirectory } from '../runs/work-directory.ts';

/** What a figure has to lie in, both ends included. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** A row of the table of bounds: what is asked of this case. */
export interface Bound<Results> {
  readonly what: string;
  readonly unit: 'share' | 'ratio' | 'BDP' | 'MB' | 's' | 'B' | 'index';
  /** Without it there is but a stretch. */
  readonly bound?: Interval | undefined;
  readonly stretch: Interval;
  /** @returns undefined when somebody needed for it did not take part */
  readonly of: (results: Results) => number | undefined;
}

export const atLeast = (low: number): Interval => ({ low, high: Number.POSITIVE_INFINITY });
export const atMost = (high: number): Interval => ({ low: Number.NEGATIVE_INFINITY, high });
export const between = (low: number, high: number): Interval => ({ low, high });

export interface NamedPath {
  /** Unique within the case. */
  readonly label: string;
  readonly path: WanPath | 'loopback';
}

interface CaseDescription {
  readonly name: string;
  /** One line for the list and the heading. */
  readonly title: string;
  /** Files in memory (tmpfs), so that no disk decides; default the disk. */
  readonly inMemory?: true;
}

/** The same copy by several contenders over several paths, one after the other, round by round. */
export interface CopyCase extends CaseDescription {
  readonly kind: 'copy';
  readonly source: Source;
  readonly paths: readonly NamedPath[];
  /** By name; those that are not there are left out. */
  readonly contenders: readonly string[];
  /** What counts is a second copy to where the first one stands, unchanged. */
  readonly again?: true;
  /** Default: by what the path needs for so many bytes. */
  readonly patienceSeconds?: number;
  /** Besides the usual: what the contenders say about themselves. `files`: that, and files a second in place of bytes. */
  readonly shows?: 'says' | 'files';
  readonly bounds: readonly Bound<CopyResults>[];
}

/** Several transfers at once over one path. */
export interface FlowsCase extends CaseDescription {
  readonly kind: 'flows';
  readonly path: WanPath;
  readonly seconds: number;
  /** The part that counts. */
  readonly fromSecond: number;
  readonly groups: readonly FlowGroup[];
  readonly bounds: readonly Bound<FlowsResults>[];
}

export interface FlowGroup {
  readonly label: string;
  /** Contenders by name. */
  readonly flows: readonly string[];
}

/** Copies by JetStream alone through what no path should do and some do: each ends with equal bytes or a named error. */
export interface RoughCase extends CaseDescription {
  readonly kind: 'rough';
  /** What a surrounding changes of it is its own. */
  readonly path: WanPath;
  readonly surroundings: readonly Surrounding[];
}

export interface Surrounding {
  /** Unique within the case: what is done. */
  readonly label: string;
  readonly mebibytes: number;
  /** Content goes from a to b in any case; `down`: jscp runs in b and fetches. Default `up`. */
  readonly way?: 'up' | 'down';
  readonly path?: Partial<WanPath>;
  /** From the beginning on. */
  readonly link?: Partial<Record<Direction | 'both', DirectionChanges>>;
  readonly environment?: Partial<Record<'sender' | 'receiver', Readonly<Record<string, string>>>>;
  /** Begins when a quarter was acknowledged. */
  readonly trouble?: Trouble;
  /** The copy may fail, if it says so. Default: it has to arrive. */
  readonly mayEndBy?: 'connection lost';
}

export interface Trouble {
  begin(scene: RoughScene): Promise<void> | void;
  readonly seconds: number;
  end(scene: RoughScene): Promise<void> | void;
}

/** What a trouble can do something to. */
export interface RoughScene {
  readonly sender: Running;
  readonly receiver: Running;
  set(direction: Direction | 'both', changes: DirectionChanges): Promise<void>;
  /** Runs a command line of the shell in the network namespace of that end. @throws Error when it fails */
  inSender(commandLine: string): Promise<void>;
  inReceiver(commandLine: string): Promise<void>;
}

/** Copies by JetStream that are killed at half, and the same command again. */
export interface ResumeCase extends CaseDescription {
  readonly kind: 'resume';
  readonly path: WanPath;
  readonly mebibytes: number;
  readonly checkpointSeconds: number;
  readonly interruptions: readonly Interruption[];
  readonly bounds: readonly Bound<ResumeResults>[];
}

export interface Interruption {
  /** Unique within the case. */
  readonly label: string;
  /** Content goes from a to b in any case; `down`: jscp runs in b and fetches. */
  readonly way: 'up' | 'down';
  /** By SIGKILL. A server is started again. */
  readonly killed: readonly ('client' | 'server')[];
}

/** What is no copy: figures by name. */
export interface FiguresCase extends CaseDescription {
  readonly kind: 'figures';
  /** @throws Error when it cannot be measured */
  readonly measure: (work: WorkDirectory) => Promise<Readonly<Record<string, number>>>;
  readonly bounds: readonly Bound<FiguresResults>[];
}

export type Case = CopyCase | FlowsCase | RoughCase | ResumeCase | FiguresCase;

/** All runs of a case. */
export interface CopyResults {
  readonly runs: readonly {
    readonly path: NamedPath;
    readonly contender: string;
    readonly result: CopyResult;
  }[];
}

export interface FlowsResults {
  readonly runs: readonly { readonly group: FlowGroup; readonly result: FlowsResult }[];
}

export interface RoughResults {
  readonly runs: readonly {
    readonly surrounding: Surrounding;
    /** From 1. */
    readonly run: number;
    readonly result: RoughResult;
  }[];
}

export interface FiguresResults {
  readonly runs: readonly {
    /** From 1. */
    readonly run: number;
    /** undefined: it could not be measured. */
    readonly figures?: Readonly<Record<string, number>>;
    readonly why?: string;
  }[];
}

export interface ResumeResults {
  readonly runs: readonly {
    readonly interruption: Interruption;
    /** From 1. */
    readonly run: number;
    readonly result: ResumeResult;
  }[];
}
