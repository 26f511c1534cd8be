import type { Connection, Destination } from '@jetstream/api';
import type { DestinationLinkState } from './links.ts';
import type { DestinationRecord } from './record.ts';

/** What is known of a destination beside its record. */
export interface DestinationStatus {
  state: DestinationLinkState;
  roundTripMs: number | null;
  numTransfersQueued: number;
  congestion: 'bbr' | 'cubic';
}

/** A destination as the API shows it: nothing secret. */
export function describeDestination(record: DestinationRecord, status: DestinationStatus): Destination {
  return {
    ...connectionPart(record, status),
    owner: record.owner,
    ownerToken: record.ownerToken,
    ownerTokenSession: record.ownerTokenSession,
    destinationAddress: record.destinationAddress,
    permittedDestinationPublicKey: record.permittedDestinationPublicKey,
    sendRateMax: record.sendRateMax,
    ratePolicy: record.ratePolicy,
    userData: { ...record.userData },
    userName: record.userName,
    credentials: record.credentials.kind,
    sourcePort: record.sourcePort,
    description: record.description,
    creationTime: record.requestTime,
  };
}

/** The link to a destination as the API shows it. */
export function describeConnection(record: DestinationRecord, status: DestinationStatus): Connection {
  const { ratePolicy } = record;
  const method = { low: 'ledbat', fixed: 'fixed', fair: status.congestion, high: status.congestion };
  return {
    ...connectionPart(record, status),
    rateControllerActive: ratePolicy !== 'fixed',
    rateControlMethod: method[ratePolicy],
    relayIP: null,
    relayPort: null,
    roundTripTimeMs: status.roundTripMs,
  };
}

function connectionPart(record: DestinationRecord, { state, numTransfersQueued }: DestinationStatus) {
  return {
    // There is one for each destination.
    connectionId: record.destinationId,
    destinationId: record.destinationId,
    destinationIP: record.destinationIP,
    destinationPort: record.destinationPort,
    destinationPublicKey: record.destinationPublicKey,
    encryptedConnectionState: state,
    encryptionEnabled: true,
    lastDestinationServerId: record.lastDestinationServerId,
    lastDestinationServerUid: record.lastDestinationServerUid,
    lastError: record.lastError,
    lastErrorMessage: record.lastErrorMessage,
    lastRecvTime: record.lastRecvTime,
    lastSendTime: record.lastSendTime,
    numTransfersQueued,
  };
}
