/** Each has a thread. */
const MAX_RUNNING = 64;
/** Of one shared link, which strangers may have: half, so that its owner and all others find room. */
const MAX_RUNNING_OF_LINK = 32;

/** A connection, as far as its transfers go. */
export interface TransferringConnection {
  /** Those that wait for a login are none: nobody may be behind them. */
  readonly runningTransfers: number;
  /** Shared link that its client came by. */
  readonly sharedToken: string | undefined;
}

/** @returns how many transfers of clients run */
export function countRunning(connections: Iterable<TransferringConnection>): number {
  let running = 0;
  for (const { runningTransfers } of connections) running += runningTransfers;
  return running;
}

/**
 * Whether another transfer of a client may run.
 * @param others that the server itself runs
 * @param sharedToken shared link that the client came by
 */
export function hasRoomFor(
  connections: Iterable<TransferringConnection>,
  others: number,
  sharedToken: string | undefined,
): boolean {
  const all = [...connections];
  if (countRunning(all) + others >= MAX_RUNNING) return false;
  const ofLink = sharedToken === undefined ? [] : all.filter((one) => one.sharedToken === sharedToken);
  return countRunning(ofLink) < MAX_RUNNING_OF_LINK;
}
