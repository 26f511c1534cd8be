import { type ApiHandlers, OVERWRITE_MODES, type Parameters } from '@jetstream/api';
import { JetStreamError } from '@jetstream/protocol';
import { listObjects } from '../object-list.ts';
import type { TransferRequest } from './new-transfer.ts';
import type { Transfers } from './transfers.ts';

type TransferCommand =
  | 'send.createTransfer'
  | 'send.getTransfer'
  | 'send.getTransfers'
  | 'send.waitForTransfer'
  | 'send.updateTransfer'
  | 'send.suspendTransfer'
  | 'send.resumeTransfer'
  | 'send.cancelTransfer'
  | 'send.failTransfer'
  | 'send.deleteTransfer';

export function transferCommands(transfers: Transfers): Pick<ApiHandlers, TransferCommand> {
  const describe = transfers.describe.bind(transfers);
  return {
    'send.createTransfer': async ({ destinationId, manifestId, ...settings }, caller) =>
      describe(await transfers.create(transferRequest(destinationId, manifestId, settings), caller)),
    'send.getTransfer': ({ transferId }, caller) => describe(transfers.find(transferId, caller)),
    'send.getTransfers': ({ status, destinationId, manifestId, ...filters }, caller) =>
      listObjects(
        transfers.values(),
        filters,
        caller,
        (record) =>
          (status?.includes(record.status) ?? true) &&
          record.destinationId === (destinationId ?? record.destinationId) &&
          record.manifestId === (manifestId ?? record.manifestId),
      ).map(describe),
    'send.waitForTransfer': async ({ transferId, timeoutMs }, caller, { signal }) =>
      describe(
        await transfers.wait(transferId, caller, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])),
      ),
    'send.updateTransfer': async ({ transferId, ...changes }, caller) =>
      describe(await transfers.update(transferId, changes, caller)),
    'send.suspendTransfer': async ({ transferId }, caller) =>
      describe(await transfers.suspend(transferId, caller)),
    'send.resumeTransfer': async ({ transferId }, caller) =>
      describe(await transfers.resume(transferId, caller)),
    'send.cancelTransfer': async ({ transferId }, caller) =>
      describe(await transfers.cancel(transferId, caller)),
    'send.failTransfer': async ({ transferId, errorMessage }, caller) =>
      describe(await transfers.fail(transferId, errorMessage, caller)),
    'send.deleteTransfer': async ({ transferId }, caller) => {
      await transfers.delete(transferId, caller);
      return null;
    },
  };
}

/** @throws JetStreamError `invalid-argument` */
export function transferRequest(
  destinationId: string,
  manifestId: string,
  settings: Parameters<'send.submitTransfer'>['transfer'],
): TransferRequest {
  const { overwriteMode, skipRule, ...same } = settings;
  const overwrite = OVERWRITE_MODES[overwriteMode];
  if (overwrite === undefined) {
    throw new JetStreamError('invalid-argument', `there is no overwrite mode ${overwriteMode}`, {
      subject: 'overwriteMode',
    });
  }
  return { destinationId, manifestId, overwrite, skip: skipRule, ...same };
}
