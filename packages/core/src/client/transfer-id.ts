import { JetStreamError } from '@jetstream/protocol';

/** As the wire has it: none or 16 bytes (TR-6). @throws JetStreamError `invalid-argument` */
export function readTransferId(transferId: string | undefined): Uint8Array {
  if (transferId === undefined) return new Uint8Array();
  if (!/^[\da-f]{32}$/.test(transferId))
    throw new JetStreamError('invalid-argument', 'a transfer id is 32 hexadecimal digits in lower case');
  return Buffer.from(transferId, 'hex');
}
