import type { WanPath } from '../figures/wan-path.ts';
import type { CopyResult } from '../runs/copy-once.ts';
import type { FlowsResult } from '../runs/flows-once.ts';
import type { Source } from '../runs/work-directory.ts';

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
  /** Shows what the contenders say about themselves. */
  readonly shows?: 'says';
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

export type Case = CopyCase | FlowsCase;

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
