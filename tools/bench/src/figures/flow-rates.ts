/** What had arrived of a flow by a time. */
export interface Progress {
  atMs: number;
  bytes: number;
}

/**
 * Bytes in each second from 0 on, by straight lines between what is known; nothing before the first, nothing after the last.
 * @param progress in the order of time
 */
export function bytesPerSecond(progress: readonly Progress[], seconds: number): number[] {
  const known = Array.from({ length: seconds + 1 }, (_, second) => bytesAt(progress, second * 1000));
  return known.slice(1).map((bytes, second) => Math.max(0, bytes - known[second]!));
}

function bytesAt(progress: readonly Progress[], atMs: number): number {
  const next = progress.findIndex((each) => each.atMs >= atMs);
  if (next === -1) return progress.at(-1)?.bytes ?? 0;
  const [before, after] = [progress[next - 1], progress[next]!];
  if (after.atMs === atMs) return after.bytes;
  if (before === undefined) return 0;
  return before.bytes + ((atMs - before.atMs) / (after.atMs - before.atMs)) * (after.bytes - before.bytes);
}

/** The part of the first of several flows, from a second on. */
export function shareOfFirst(flows: readonly (readonly number[])[], fromSecond = 0): number {
  const totals = flows.map((flow) => total(flow, fromSecond));
  const all = totals.reduce((sum, bytes) => sum + bytes, 0);
  return all === 0 ? 0 : totals[0]! / all;
}

/** Bytes from a second on. */
export function total(flow: readonly number[], fromSecond: number): number {
  return flow.slice(fromSecond).reduce((sum, bytes) => sum + bytes, 0);
}
