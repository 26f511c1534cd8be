import { JetStreamError } from '@jetstream/protocol';

export type TransferStatus = 'pending' | 'inProgress' | 'complete' | 'error' | 'suspended' | 'cancelled';

/** What happens to a transfer: by somebody's command, or in its course. */
export type TransferStep =
  | 'suspend'
  | 'resume'
  | 'cancel'
  | 'fail'
  | 'delete'
  | 'updatePriority'
  /** Its turn has come. */
  | 'begin'
  /** An attempt ended with all files at the receiver. */
  | 'finish'
  /** An attempt failed, or could not be begun, and there will be another one. */
  | 'putOff'
  /** It failed for good. */
  | 'giveUp';

/** Where each step leads; what is not here is not allowed. A step to where the transfer is already changes nothing. */
const NEXT: Readonly<Record<TransferStep, Partial<Record<TransferStatus, TransferStatus>>>> = {
  suspend: { pending: 'suspended', inProgress: 'suspended', suspended: 'suspended' },
  // What waits for its next attempt does not wait any longer; what failed is tried again: done files are skipped.
  resume: { suspended: 'pending', error: 'pending', pending: 'pending', inProgress: 'inProgress' },
  cancel: { pending: 'cancelled', inProgress: 'cancelled', suspended: 'cancelled', cancelled: 'cancelled' },
  fail: { pending: 'error', inProgress: 'error', suspended: 'error' },
  delete: { complete: 'complete', error: 'error', suspended: 'suspended', cancelled: 'cancelled' },
  updatePriority: { pending: 'pending', suspended: 'suspended' },
  begin: { pending: 'inProgress' },
  finish: { inProgress: 'complete' },
  putOff: { pending: 'pending', inProgress: 'pending' },
  giveUp: { pending: 'error', inProgress: 'error' },
};

/** In words, for whom a step is refused. */
const HINTS: Partial<Record<TransferStep, Partial<Record<TransferStatus, string>>>> = {
  delete: { pending: 'cancel it first', inProgress: 'cancel it first' },
  resume: { cancelled: 'create another one', complete: 'create another one' },
  updatePriority: { inProgress: 'suspend it first' },
};

/** @throws JetStreamError `conflict` when the status does not allow it */
export function nextStatus(transferId: string, status: TransferStatus, step: TransferStep): TransferStatus {
  const next = NEXT[step][status];
  if (next !== undefined) return next;
  const hint = HINTS[step]?.[status];
  throw new JetStreamError(
    'conflict',
    `${step} is not possible: the transfer is ${status}${hint === undefined ? '' : `; ${hint}`}`,
    { subject: transferId },
  );
}

/** It is under way, or will be by itself. */
export function isProcessing(status: TransferStatus): boolean {
  return status === 'pending' || status === 'inProgress';
}

/** Nothing happens to it any more unless somebody says so. */
export function isOver(status: TransferStatus): boolean {
  return status === 'complete' || status === 'error' || status === 'cancelled';
}
