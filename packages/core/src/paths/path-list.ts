import type { KnownPath } from '../contract.ts';
import { isUsablePath } from './known-path.ts';

const VERSION = 1;
export const MAX_PATHS = 256;

/**
 * The most recent of each path, at most 256, the latest first. What is no path or too old is left out.
 * Whatever is merged with whatever first, the same comes of it.
 */
export function mergePaths(lists: readonly (readonly KnownPath[])[], nowMs: number): KnownPath[] {
  const latest = new Map<string, KnownPath>();
  for (const path of lists.flat()) {
    if (!isUsablePath(path, nowMs)) continue;
    const key = `${path.network} ${path.localAddress ?? ''}`;
    const other = latest.get(key);
    if (other === undefined || compare(path, other) < 0) latest.set(key, path);
  }
  return [...latest.values()].sort(compare).slice(0, MAX_PATHS);
}

/** @returns the text of a file */
export function serialisePaths(paths: readonly KnownPath[]): string {
  return `${JSON.stringify({ version: VERSION, paths }, undefined, 1)}\n`;
}

/**
 * @returns the usable paths of a file; entries that are none are passed over
 * @throws Error saying what is wrong with a text that is not of this version, or not of ours at all
 */
export function parsePaths(text: string, nowMs: number): KnownPath[] {
  const { version, paths } = (JSON.parse(text) ?? {}) as { version?: unknown; paths?: unknown };
  if (version !== VERSION) throw new Error(`its version is not ${VERSION}`);
  if (!Array.isArray(paths)) throw new Error('it has no list of paths');
  return mergePaths([paths.map(toPath)], nowMs);
}

/** Nothing but the known fields, of whatever type they are. */
function toPath(value: unknown): KnownPath {
  const { network, localAddress, minRttUs, rateBytesPerSecond, seenAtMs } = (value ?? {}) as KnownPath;
  return {
    network,
    ...(localAddress !== undefined && { localAddress }),
    minRttUs,
    rateBytesPerSecond,
    seenAtMs,
  };
}

/** The latest first; of two of one moment the more careful. */
function compare(one: KnownPath, other: KnownPath): number {
  return (
    other.seenAtMs - one.seenAtMs ||
    one.rateBytesPerSecond - other.rateBytesPerSecond ||
    one.minRttUs - other.minRttUs ||
    compareText(one.network, other.network) ||
    compareText(one.localAddress ?? '', other.localAddress ?? '')
  );
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
